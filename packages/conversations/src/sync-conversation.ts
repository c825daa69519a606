import {
  DostiError,
  OPEN_HISTORY_MS,
  PAGE_SIZE_MAX,
  visitorView,
  type Handler,
  type ThreadPage,
} from '@dosti/contracts'
import { threadOf } from './policy.ts'
import type { ConversationStore, ThreadRead } from './ports.ts'

/** True if the events are all that follows the numbers asked after; else the caller needs a fresh snapshot (D4). Pure. */
export function followsOn(read: ThreadRead, after: number, internalAfter: number | undefined): boolean {
  if (read.hasMore || after > read.thread.seq || (internalAfter ?? 0) > read.thread.internalSeq) return false
  const publicEvents = read.events.filter(({ stream }) => stream === 'public').length
  // Rows that the history window hides would be a gap.
  return publicEvents === read.thread.seq - after
}

/** conversation.sync */
export const syncConversation =
  ({ store, clock }: { store: ConversationStore; clock: () => number }): Handler<'conversation.sync'> =>
  async (actor, input) => {
    const internal = actor.kind === 'agent'
    const base = {
      workspaceId: actor.workspaceId,
      visitorId: threadOf(actor, input.visitorId),
      internal,
      ...(actor.kind === 'visitor' && !actor.bound ? { since: clock() - OPEN_HISTORY_MS } : {}),
    }
    const page = (read: ThreadRead, snapshot: boolean): ThreadPage => {
      const { conversation, seq, internalSeq } = read.thread
      return {
        events: read.events,
        conversation: conversation && !internal ? visitorView(conversation) : conversation,
        seq,
        ...(internal ? { internalSeq } : {}),
        snapshot,
        hasOlder: input.after === undefined || snapshot ? read.hasMore : false,
      }
    }

    if (input.after !== undefined) {
      const { after, internalAfter } = input
      const read = await store.thread({
        ...base,
        after,
        ...(internal ? { internalAfter: internalAfter ?? 0 } : {}),
        limit: PAGE_SIZE_MAX,
      })
      if (read && followsOn(read, after, internal ? internalAfter : undefined)) return page(read, false)
    }
    const before = input.after === undefined ? input.before : undefined
    const read = await store.thread({ ...base, limit: input.limit, ...(before === undefined ? {} : { before }) })
    if (read) return page(read, before === undefined)
    if (internal) throw new DostiError('conversation.not_found')
    // A visitor who never wrote has an empty thread; reading makes nothing.
    return { events: [], conversation: null, seq: 0, snapshot: true, hasOlder: false }
  }
