import { DostiError, EVENTS, evolve, evolveRead } from '@dosti/contracts'
import type { AgentsConversation, EventId, StoredEvent, StoredEventName, StoredEventOf } from '@dosti/contracts'
import type { Change, Changed, ConversationStore, Draft, Ids, Outcome, Thread, ThreadQuery } from '../src/ports.ts'

interface Stored {
  thread: Thread
  events: StoredEvent[]
  /** By sender and client message id. */
  known: Map<string, StoredEvent>
}

/** Threads in a Map, for unit tests: held to the same rules as Postgres by `registerStoreContract`. */
export function createMemoryStore({ ids, clock = Date.now }: { ids: Ids; clock?: () => number }): ConversationStore {
  const threads = new Map<string, Stored>()
  const find = ({ workspaceId, visitorId }: { workspaceId: string; visitorId: string }) =>
    threads.get(keyOf(workspaceId, visitorId))
  const changeOne = (change: Change): Outcome => {
    try {
      const stored = find(change)
      const { after, changed } = decided(stored, change, ids, clock())
      if (after !== undefined) threads.set(keyOf(change.workspaceId, change.visitorId), after)
      return { ok: true, changed }
    } catch (error) {
      return { ok: false, error }
    }
  }
  return {
    change: async (changes, progress) => {
      const outcomes = changes.map(changeOne)
      outcomes.forEach((outcome, index) => progress?.settled(index, outcome))
      progress?.ready()
      return outcomes
    },
    thread: async (query) => {
      const stored = find(query)
      return stored && { thread: stored.thread, ...pageOf(stored.events, query) }
    },
    messages: async ({ afterTimestamp, since = 0, limit, ...of }) => {
      const stored = find(of)
      if (stored === undefined) return undefined
      const all = stored.events.filter(isMessage).filter(({ timestamp }) => timestamp >= since)
      const { items, hasMore } =
        afterTimestamp === undefined
          ? last(all, limit)
          : first(
              all.filter(({ timestamp }) => timestamp > afterTimestamp),
              limit,
            )
      const passed = stored.events.filter(
        ({ stream, timestamp }) => stream === 'public' && timestamp <= Math.max(afterTimestamp ?? 0, since - 1),
      )
      const reached = items.length > 0 || afterTimestamp === undefined ? 0 : (passed.at(-1)?.timestamp ?? 0)
      return { lastTimestamp: stored.thread.lastTimestamp, messages: items, hasMore, reached, now: clock() }
    },
    list: async ({ workspaceId, status, assignee, before, limit }) =>
      [...threads]
        .filter(([key]) => key.startsWith(`${workspaceId} `))
        .flatMap(([, { thread }]) => thread.conversation ?? [])
        .filter(
          (head) => head.status === status && (assignee === undefined || (head.assignee?.id ?? null) === assignee),
        )
        .sort(newestFirst)
        .filter((head) => before === undefined || newestFirst(before, head) < 0)
        .slice(0, limit),
    markRead: async (mark) => {
      const stored = find(mark)
      const head = stored?.thread.conversation
      if (!stored || !head) return undefined
      const next = evolveRead(head, mark)
      stored.thread = { ...stored.thread, conversation: next }
      const [was, seq] =
        mark.by === 'visitor' ? [head.readByVisitor, next.readByVisitor] : [head.readByAgents, next.readByAgents]
      return { seq, raised: seq > was }
    },
  }
}

function keyOf(workspaceId: string, visitorId: string): string {
  return `${workspaceId} ${visitorId}`
}

function decided(
  stored: Stored | undefined,
  change: Change,
  ids: Ids,
  now: number,
): { after?: Stored; changed: Changed } {
  const { once, visitorId } = change
  const onceKey = once && `${once.sender} ${once.clientMessageId}`
  const before = stored?.thread.conversation ?? null
  const repeat = onceKey === undefined ? undefined : stored?.known.get(onceKey)
  if (once !== undefined && repeat !== undefined) {
    if (repeat.name !== once.name || repeat.data.text !== once.text) throw new DostiError('message.conflict')
    return { changed: { events: [repeat], repeated: true, conversation: before } }
  }
  const thread = stored?.thread ?? (change.createVisitor ? nobody(visitorId) : undefined)
  const { events: drafts, visitorName } = change.decide(thread, { now, conversationId: ids.next('cnv') })
  if (drafts.length === 0) return { changed: { events: [], repeated: false, conversation: before } }
  if (thread === undefined) throw new Error('a decision about no visitor may not append events')
  const { after, events } = appended(thread, drafts, visitorName, ids, now)
  const named = once && events.find(({ name }) => name === once.name)
  const known = new Map(stored?.known)
  if (onceKey !== undefined && named !== undefined) known.set(onceKey, named)
  return {
    after: { thread: after, events: [...(stored?.events ?? []), ...events], known },
    changed: { events, repeated: false, conversation: after.conversation },
  }
}

function nobody(visitorId: string): Thread {
  return { visitorId, visitorName: null, bound: false, seq: 0, internalSeq: 0, lastTimestamp: 0, conversation: null }
}

function appended(thread: Thread, drafts: Draft[], newName: string | undefined, ids: Ids, now: number) {
  const events: StoredEvent[] = []
  let head: AgentsConversation | null = thread.conversation
  const counts = { public: thread.seq, internal: thread.internalSeq }
  let timestamp = thread.lastTimestamp
  for (const draft of drafts) {
    if (draft.name !== 'conversation.opened' && draft.conversationId !== head?.id) {
      throw new Error(`${draft.name} of ${draft.conversationId} does not belong to the current conversation`)
    }
    const { stream } = EVENTS[draft.name]
    counts[stream] += 1
    timestamp = Math.max(timestamp + 1, now)
    const place = { id: idOf(draft.name, ids), stream, seq: counts[stream], timestamp, visitorId: thread.visitorId }
    const event = { ...draft, ...place } as StoredEvent
    head = evolve(head, event)
    events.push(event)
  }
  const visitorName = newName ?? head?.visitorName ?? thread.visitorName
  const numbers = { seq: counts.public, internalSeq: counts.internal }
  const conversation = head && { ...head, ...numbers, visitorName, bound: thread.bound }
  return { after: { ...thread, ...numbers, visitorName, lastTimestamp: timestamp, conversation }, events }
}

function idOf(name: StoredEventName, ids: Ids): EventId {
  if (name === 'message.sent') return ids.next('msg')
  return name === 'note.added' ? ids.next('note') : ids.next('evt')
}

function pageOf(events: StoredEvent[], query: ThreadQuery): { events: StoredEvent[]; hasMore: boolean } {
  const { internal, after, internalAfter = 0, before = Infinity, since = 0, limit } = query
  const range = events.filter(({ stream, timestamp }) => (internal || stream === 'public') && timestamp >= since)
  if (after === undefined) {
    const { items, hasMore } = last(
      range.filter(({ timestamp }) => timestamp < before),
      limit,
    )
    return { events: items, hasMore }
  }
  const { items, hasMore } = first(
    range.filter(({ stream, seq }) => seq > (stream === 'public' ? after : internalAfter)),
    limit,
  )
  return { events: items, hasMore }
}

function isMessage(event: StoredEvent): event is StoredEventOf<'message.sent'> {
  return event.name === 'message.sent'
}

function first<T>(all: T[], limit: number): { items: T[]; hasMore: boolean } {
  return { items: all.slice(0, limit), hasMore: all.length > limit }
}

function last<T>(all: T[], limit: number): { items: T[]; hasMore: boolean } {
  return { items: all.slice(-limit), hasMore: all.length > limit }
}

function newestFirst(a: { updatedAt: number; id: string }, b: { updatedAt: number; id: string }): number {
  if (a.updatedAt !== b.updatedAt) return b.updatedAt - a.updatedAt
  if (a.id === b.id) return 0
  return a.id < b.id ? 1 : -1
}
