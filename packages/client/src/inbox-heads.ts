/** The agents' list of conversations, as a pure value: heads kept true by events, sorted and filtered. */
import type { AgentsConversation, Conversation, StoredEvent } from '@dosti/contracts'
import { evolveHead, withMarks, type ReadMark } from './reducer.ts'
import { evolveRead } from '@dosti/contracts/evolve'

export interface InboxFilter {
  status: 'open' | 'closed'
  assignee: 'anyone' | 'me' | 'nobody'
}

/** A head, and up to when events went into it. */
export interface HeadEntry {
  head: AgentsConversation
  timestamp: number
}

/** The entry after an event: the same object if it was known, `'unknown'` if only the server can tell the head. */
export function applyToHead(entry: HeadEntry | undefined, event: StoredEvent): HeadEntry | 'unknown' {
  if (entry === undefined) return isFirst(event) ? evolved(null, event) : 'unknown'
  const last = event.stream === 'public' ? entry.head.seq : entry.head.internalSeq
  if (event.seq <= last) return entry
  // A hole, or a stream that overtook the other: a number or an order is missing that the head depends on.
  if (event.seq > last + 1 || event.timestamp <= entry.timestamp) return 'unknown'
  return evolved(entry.head, event)
}

/** The entry after a read mark. */
export function readHead(entry: HeadEntry, mark: ReadMark): HeadEntry {
  return { ...entry, head: evolveRead(entry.head, mark) }
}

/** Of a held entry and one from the server, the one that knows more. */
export function newerEntry(held: HeadEntry | undefined, fetched: AgentsConversation): HeadEntry {
  if (held === undefined) return { head: fetched, timestamp: 0 }
  // Read marks have no number: of each side the higher one holds.
  return isBehind(fetched, held.head)
    ? held
    : { head: held.head.id === fetched.id ? withMarks(fetched, held.head) : fetched, timestamp: 0 }
}

/** Whether something that went into the other head is missing from this one. */
export function isBehind(head: AgentsConversation, other: AgentsConversation): boolean {
  return head.seq < other.seq || head.internalSeq < other.internalSeq
}

/** A head from an agents' reply, with every field there. */
export function agentsHead(conversation: Conversation): AgentsConversation {
  return { assignee: null, unread: 0, internalSeq: 0, bound: false, ...conversation }
}

/** Whether a list with that filter shows the conversation. */
export function matches(head: AgentsConversation, filter: InboxFilter, me: string | undefined): boolean {
  if (head.status !== filter.status) return false
  if (filter.assignee === 'anyone') return true
  return filter.assignee === 'nobody' ? head.assignee === null : head.assignee?.id === me
}

/** The sorted list with one visitor's row taken out, put in or moved: last changed first. */
export function placeRow(
  rows: readonly AgentsConversation[],
  visitorId: string,
  head: AgentsConversation | null,
): readonly AgentsConversation[] {
  const others = rows.filter((row) => row.visitorId !== visitorId)
  if (head === null) return others.length === rows.length ? rows : others
  const index = others.findIndex((row) => byChange(head, row) <= 0)
  others.splice(index === -1 ? others.length : index, 0, head)
  return others
}

/** Last changed first; ties by visitor id, so that rows never swap by themselves. */
export function byChange(a: AgentsConversation, b: AgentsConversation): number {
  return b.updatedAt - a.updatedAt || (a.visitorId < b.visitorId ? -1 : 1)
}

function isFirst(event: StoredEvent): boolean {
  return event.name === 'conversation.opened' && event.seq === 1
}

function evolved(head: AgentsConversation | null, event: StoredEvent): HeadEntry | 'unknown' {
  const next = evolveHead(head, event, 'agent')
  return next === null ? 'unknown' : { head: agentsHead(next), timestamp: event.timestamp }
}
