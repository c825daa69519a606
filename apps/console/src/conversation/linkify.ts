export type TextPart = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string }

const ADDRESS = /https?:\/\/[^\s<>"'`{}|\\^[\]]+/giu
/** Ends a sentence rather than an address. */
const TRAILING = /[.,:;!?)\]»”’،؛؟۔।]+$/u

/** Cuts a text into plain parts and http(s) links. The parts joined are the text; nothing but http(s) becomes a link. */
export function linkify(text: string): TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(ADDRESS)) {
    const found = trimmed(match[0])
    const href = addressOf(found)
    if (href === null) continue
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) })
    parts.push({ kind: 'link', text: found, href })
    end = match.index + found.length
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}

/** Drops closing punctuation, but keeps a bracket that the address itself opened. */
function trimmed(address: string): string {
  const tail = TRAILING.exec(address)?.[0] ?? ''
  const body = address.slice(0, address.length - tail.length)
  const open = body.lastIndexOf('(')
  return tail.startsWith(')') && open > body.lastIndexOf(')') ? `${body})` : body
}

function addressOf(text: string): string | null {
  try {
    const { protocol, href, hostname } = new URL(text)
    return (protocol === 'https:' || protocol === 'http:') && hostname !== '' ? href : null
  } catch {
    return null
  }
}
