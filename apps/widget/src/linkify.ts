/** A piece of a message: plain text, or a link that is safe to follow. */
export type TextPart = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string }

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu
/** Ends a sentence rather than an address. */
const TRAILING = /[.,;:!?*_~،۔؟।]+$/u

const BRACKETS = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
] as const

/** Finds `http` and `https` addresses; nothing else ever becomes a link. */
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

/** Cuts the full stop after an address, and a bracket that was opened before it. */
function trimEnd(match: string): string {
  let address = match.replace(TRAILING, '')
  for (const [open, close] of BRACKETS) {
    const isUnbalanced = () => count(address, close) > count(address, open)
    while (address.endsWith(close) && isUnbalanced()) address = address.slice(0, -1).replace(TRAILING, '')
  }
  return address
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1
}

function safeHref(address: string): string | null {
  if (!URL.canParse(address)) return null
  const { protocol, href } = new URL(address)
  return protocol === 'http:' || protocol === 'https:' ? href : null
}
