import type { CSSProperties } from 'react'

const SIZES = { 20: 'size-5 text-[0.5625rem]', 28: 'size-7 text-2xs', 36: 'size-9 text-xs' }

/** The first letters of up to two words, whole graphemes so that Indic and emoji names stay readable. */
export function initials(name: string): string {
  const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  const words = name
    .trim()
    .split(/[\s._@-]+/u)
    .filter((word) => word !== '')
  const first = (word: string | undefined) =>
    word === undefined ? '' : ([...segments.segment(word)][0]?.segment ?? '')
  const [one, two] = [words[0], words.length > 1 ? words.at(-1) : undefined]
  return (first(one) + first(two)).toUpperCase() || '?'
}

/** A steady hue for an id, so that the same person has the same colour everywhere. */
export function hueOf(id: string): number {
  let hash = 7
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3600
  return hash / 10
}

/** Initials on the id's colour. Decoration only: the name stands beside it as text. */
export function Avatar({
  id,
  name,
  size = 28,
  muted = false,
}: {
  id: string
  name: string
  size?: 20 | 28 | 36
  muted?: boolean
}) {
  const style: CSSProperties = {
    backgroundColor: muted
      ? 'var(--hover)'
      : `light-dark(oklch(0.91 0.05 ${hueOf(id)}), oklch(0.36 0.06 ${hueOf(id)}))`,
    color: muted ? 'var(--ink-soft)' : `light-dark(oklch(0.38 0.09 ${hueOf(id)}), oklch(0.9 0.06 ${hueOf(id)}))`,
  }
  return (
    <span
      aria-hidden
      // Drawn by the style sheet: letters in the page would be found, copied and read as text.
      data-initials={initials(name)}
      className={`inline-grid shrink-0 place-items-center rounded-full font-semibold before:content-[attr(data-initials)] ${SIZES[size]}`}
      style={style}
    />
  )
}
