import {
  DostiError,
  OPEN_HISTORY_MS,
  PAGE_BYTES_MAX,
  PAGE_SIZE_MAX,
  visitorView,
  type Handler,
  type Parsed,
  type StoredEvent,
  type ThreadPage,
} from '@dosti/contracts'
import type { ThreadActor } from './change-thread.ts'
import { threadOf } from './policy.ts'
import type { ConversationStore, ThreadRead } from './ports.ts'

/** True if the events are all that follows the numbers asked after; else the caller needs a fresh snapshot (D4). Pure. */
export function followsOn(read: ThreadRead, after: number, internalAfter: number | undefined): boolean {
  if (read.hasMore || after > read.thread.seq || (internalAfter ?? 0) > read.thread.internalSeq) return false
  const publicEvents = read.events.filter(({ stream }) => stream === 'public').length
  // Rows that the history window hides would be a gap.
  return publicEvents === read.thread.seq - after
}

/** The newest of some events that take no more than so many bytes of JSON; the last one always. Pure. */
export function newestWithin(events: StoredEvent[], bytesMax: number): StoredEvent[] {
  let bytes = 0
  const tooOld = events.findLastIndex((event, index) => {
    // No character takes more than four bytes.
    bytes += JSON.stringify(event).replace(/\P{ASCII}/gu, '4444').length
    return bytes > bytesMax && index < events.length - 1
  })
  return events.slice(tooOld + 1)
}

/** What reading a thread rests on. */
export interface Reading {
  store: ConversationStore
  clock: () => number
}

/** A page as the actor may see it, of at most so many bytes; undefined if an agent names somebody who never wrote. */
export async function readThread(
  { store, clock }: Reading,
  actor: ThreadActor,
  input: Parsed<'conversation.sync'>,
  bytesMax: number = PAGE_BYTES_MAX,
): Promise<ThreadPage | undefined> {
  const internal = actor.kind === 'agent'
  const base = {
    workspaceId: actor.workspaceId,
    visitorId: threadOf(actor, input.visitorId),
    internal,
    ...(actor.kind === 'visitor' && !actor.bound ? { since: clock() - OPEN_HISTORY_MS } : {}),
  }
  const page = (read: ThreadRead, snapshot: boolean): ThreadPage => {
    const { conversation, seq, internalSeq } = read.thread
    const events = newestWithin(read.events, bytesMax)
    return {
      events,
      conversation: conversation && !internal ? visitorView(conversation) : conversation,
      seq,
      ...(internal ? { internalSeq } : {}),
      snapshot,
      hasOlder: (input.after === undefined || snapshot) && (read.hasMore || events.length < read.events.length),
    }
  }

  if (input.after !== undefined) {
    const { after, internalAfter } = input
    const numbers = { after, ...(internal ? { internalAfter: internalAfter ?? 0 } : {}) }
    const read = await store.thread({ ...base, ...numbers, limit: PAGE_SIZE_MAX })
    if (read && followsOn(read, after, internal ? internalAfter : undefined)) {
      const whole = page(read, false)
      if (whole.events.length === read.events.length) return whole
    }
  }
  const before = input.after === undefined ? input.before : undefined
  const read = await store.thread({ ...base, limit: input.limit, ...(before === undefined ? {} : { before }) })
  if (read) return page(read, before === undefined)
  // A visitor who never wrote has an empty thread; reading makes nothing.
  return internal ? undefined : { events: [], conversation: null, seq: 0, snapshot: true, hasOlder: false }
}

/** conversation.sync */
export const syncConversation =
  (reading: Reading): Handler<'conversation.sync'> =>
  async (actor, input) => {
    const page = await readThread(reading, actor, input)
    if (!page) throw new DostiError('conversation.not_found')
    return page
  }
