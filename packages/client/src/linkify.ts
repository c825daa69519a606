/** A piece of a message: plain text, or a link that is safe to follow. */
export type TextPart = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string }

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu
/** Ends a sentence rather than an address. */
const TRAILING = new Set('.,;:!?*_~»”’،؛۔؟।')

const OPENED_BY: Record<string, string | undefined> = { ')': '(', ']': '[', '}': '{' }

/** Cuts a text into plain parts and `http` or `https` links. The parts joined are the text; nothing else ever becomes a link. */
export function linkify(text: string): TextPart[] {
  const parts: TextPart[] = []
  let done = 0
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimEnd(match[0])
    const href = safeHref(address)
    if (href === null) continue
    if (match.index > done) parts.push({ kind: 'text', text: text.slice(done, match.index) })
    parts.push({ kind: 'link', text: address, href })
    done = match.index + address.length
  }
  if (done < text.length) parts.push({ kind: 'text', text: text.slice(done) })
  return parts
}

/** Cuts the full stop after an address, and a bracket that was opened before it. In one pass: a page draws it again and again. */
function trimEnd(match: string): string {
  const counts = new Map<string, number>()
  for (const sign of match) counts.set(sign, countOf(sign) + 1)
  let end = match.length
  for (; end > 0; end -= 1) {
    const sign = match.charAt(end - 1)
    const opening = OPENED_BY[sign]
    if (opening !== undefined && countOf(sign) > countOf(opening)) counts.set(sign, countOf(sign) - 1)
    else if (!TRAILING.has(sign)) break
  }
  return match.slice(0, end)

  function countOf(sign: string): number {
    return counts.get(sign) ?? 0
  }
}

function safeHref(address: string): string | null {
  // `URL.canParse` is younger than browsers that the widget serves.
  try {
    const { protocol, href } = new URL(address)
    return protocol === 'http:' || protocol === 'https:' ? href : null
  } catch {
    return null
  }
}
