import type { ComponentProps } from 'react'

type Look = 'solid' | 'quiet' | 'outline' | 'note'

const LOOKS: Record<Look, string> = {
  solid: 'bg-accent text-on-accent hover:bg-accent-strong shadow-small',
  quiet: 'text-soft hover:bg-hover hover:text-ink data-popup-open:bg-hover data-popup-open:text-ink',
  outline: 'border border-line bg-surface text-ink hover:bg-hover shadow-small data-popup-open:bg-hover',
  note: 'bg-note text-note-ink border border-note-line hover:brightness-97 shadow-small',
}

const BASE =
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-lg font-medium select-none transition-colors duration-100 disabled:opacity-50 disabled:pointer-events-none'

/** The class names of a button, for elements that Base UI renders itself. */
export function buttonClass(look: Look = 'quiet', shape: 'text' | 'icon' = 'text'): string {
  const size = shape === 'icon' ? 'size-8 touch:size-11' : 'h-8 px-2.5 text-sm touch:h-11 touch:px-3.5'
  return `${BASE} ${size} ${LOOKS[look]}`
}

/** A plain button; never submits a form unless its `type` says so. */
export function Button({
  look = 'quiet',
  shape = 'text',
  className = '',
  ...props
}: ComponentProps<'button'> & { look?: Look; shape?: 'text' | 'icon' }) {
  return <button type="button" className={`${buttonClass(look, shape)} ${className}`} {...props} />
}
