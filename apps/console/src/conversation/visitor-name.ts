import type { Conversation } from '@dosti/contracts'

const SHORT_ID_LENGTH = 16
/** An id that the server made: it says nothing to people, and its beginning is a time, so its end tells visitors apart. */
const MADE_BY_SERVER = /^vis_[0-9a-f]{32}$/

/** What agents call a visitor: the name it gave, else what can be said of its id. */
export function visitorLabel({ visitorId, visitorName }: Pick<Conversation, 'visitorId' | 'visitorName'>): string {
  return visitorName ?? (MADE_BY_SERVER.test(visitorId) ? `Visitor ${visitorId.slice(-4)}` : shortId(visitorId))
}

/** The beginning of an id, whole characters only. */
export function shortId(visitorId: string): string {
  const characters = Array.from(visitorId)
  return characters.length <= SHORT_ID_LENGTH ? visitorId : `${characters.slice(0, SHORT_ID_LENGTH).join('')}…`
}

// Browsers resolve the path segments "." and ".." however they are encoded, so these two ids get a tilde before them (and
// ids that look like the result get one more). The router does the percent-encoding of everything else.
/** The id as a path segment, before percent-encoding. */
export const visitorIdToPath = (visitorId: string): string =>
  /^~*\.{1,2}$/.test(visitorId) ? `~${visitorId}` : visitorId

/** The inverse of `visitorIdToPath`. */
export const visitorIdFromPath = (segment: string): string => (/^~+\.{1,2}$/.test(segment) ? segment.slice(1) : segment)
