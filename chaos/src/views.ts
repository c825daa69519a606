/** What clients hold of a thread: by number with catching up on gaps, or by the cursor of the published poll. */
import { setTimeout as wait } from 'node:timers/promises'
import type { StoredEvent } from '@dosti/contracts'
import { askHttp } from './lines.ts'
import type { Reach } from './reach.ts'
import { hearBytes, type Attempt, type Item, type Party } from './recording.ts'

/** A thread by number. */
export interface NumberedView {
  take: (event: StoredEvent) => void
  /** Asks for everything that is missing; rejects if it could not be had. */
  catchUp: () => Promise<void>
  holds: (id: string) => boolean
  /** Nothing is missing between the first number and the last heard of. */
  isWhole: () => boolean
  items: () => Item[]
}

/** Two commits may be told in either order, so a gap is given a moment before it is asked for, in milliseconds. */
const GAP_MS = 200
const PAGE = 500

/** `whole` is the last number up to which nothing is missing. */
type Streams = Record<'public' | 'internal', { held: Map<number, Item>; whole: number }>

/** A view of one thread; agents name it and see both streams. */
export function createNumberedView(party: Party, visitorId: string, ask: Reach['ask']): NumberedView {
  const streams: Streams = { public: { held: new Map(), whole: 0 }, internal: { held: new Map(), whole: 0 } }
  const ids = new Set<string>()
  const isAgent = party.visitorId === 'all'
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  const keep = (event: StoredEvent): void => {
    const stream = streams[event.stream]
    const known = stream.held.get(event.seq)
    const item = itemOf(event)
    if (known === undefined) {
      stream.held.set(event.seq, item)
      ids.add(item.id)
      while (stream.held.has(stream.whole + 1)) stream.whole += 1
    } else if (known.id !== item.id) party.repeats.push(item)
  }
  const isWhole = (): boolean => Object.values(streams).every(({ held, whole }) => whole === held.size)
  const sync = async (input: object): Promise<{ events: StoredEvent[]; snapshot: boolean; hasOlder: boolean }> => {
    const reply = await ask('conversation.sync', { ...(isAgent ? { visitorId } : {}), limit: PAGE, ...input })
    if (reply.ok) return reply.data as never
    if (reply.error.code === 'conversation.not_found') return { events: [], snapshot: false, hasOlder: false }
    throw new Error(reply.error.code)
  }
  const catchUp = async (): Promise<void> => {
    const from = { after: streams.public.whole, ...(isAgent ? { internalAfter: streams.internal.whole } : {}) }
    let page = await sync(from)
    page.events.forEach(keep)
    // A snapshot replaces what a screen shows; this one wants the rest too, and pages back to it.
    while (page.snapshot && page.hasOlder && !isWhole()) {
      page = { ...(await sync({ before: page.events[0]?.timestamp ?? 0 })), snapshot: true }
      page.events.forEach(keep)
    }
  }
  const view: NumberedView = {
    take(event) {
      keep(event)
      if (isWhole()) return
      timer ??= setTimeout(() => {
        timer = undefined
        if (!isWhole()) void view.catchUp().catch(() => {})
      }, GAP_MS)
    },
    catchUp: () =>
      (running ??= catchUp().finally(() => {
        running = undefined
      })),
    holds: (id) => ids.has(id),
    isWhole,
    items: () =>
      [...streams.public.held.values(), ...streams.internal.held.values()].sort((a, b) => a.timestamp - b.timestamp),
  }
  return view
}

/** A stored event as the checker knows it. */
export function itemOf({ visitorId, id, seq, stream, timestamp, name, data }: StoredEvent): Item {
  const text = (name === 'message.sent' || name === 'note.added') && 'text' in data ? data.text : null
  return { visitorId, id, text, seq, stream, timestamp }
}

/** A client that polls by `lastTimestamp`, forever. */
export interface Poller {
  /** Polls until there is nothing new; rejects if it could not. */
  catchUp: () => Promise<void>
  holds: (id: string) => boolean
  lastOkAt: () => number
  /** Resolves once the poll under way has ended: what it brings belongs to the record. */
  close: () => Promise<void>
}

export interface PollerOptions {
  party: Party
  api: string
  publicKey: string
  everyMs: number
  attempts: Attempt[]
  /** Client clocks are wrong; the cursor is the server's all the same. Answers are noted without it. */
  useNextTimestamp: boolean
}

/** Starts polling. Whatever is told twice is a repeat: the cursor is strict. */
export function startPoller({ party, api, publicKey, everyMs, attempts, useNextTimestamp }: PollerOptions): Poller {
  const ids = new Set<string>()
  let cursor = 0
  let closed = false
  let okAt = 0
  let running: Promise<boolean> | undefined

  const pollOnce = async (): Promise<boolean> => {
    const query = new URLSearchParams({ apiKey: publicKey, visitorId: party.visitorId, lastTimestamp: String(cursor) })
    const startedAt = Date.now()
    const note = (outcome: Attempt['outcome'], code?: string): void =>
      void attempts.push({
        party: party.name,
        visitorId: party.visitorId,
        operation: 'poll',
        startedAt,
        tookMs: Date.now() - startedAt,
        outcome,
        ...(code === undefined ? {} : { code }),
      })
    let body: Record<string, unknown>
    try {
      ;({ body } = await askHttp(`${api}/api/chat/poll?${query}`, undefined, {
        bytes: (text) => hearBytes(party, text),
      }))
    } catch (error) {
      note('lost')
      throw error
    }
    if (body['success'] !== true) {
      const { code } = body['error'] as { code: string }
      note('refused', code)
      throw new Error(code)
    }
    note('ok')
    okAt = Date.now()
    const messages = body['messages'] as { id: string; message: string; timestamp: number }[]
    for (const { id, message, timestamp } of messages) {
      const item = { visitorId: party.visitorId, id, text: message, timestamp }
      if (ids.has(id)) party.repeats.push(item)
      else party.items.push(item)
      ids.add(id)
    }
    cursor = useNextTimestamp ? Number(body['nextTimestamp']) : (messages.at(-1)?.timestamp ?? cursor)
    return body['hasMore'] === true
  }
  const poll = (): Promise<boolean> =>
    (running ??= pollOnce().finally(() => {
      running = undefined
    }))
  const keep = async (): Promise<void> => {
    while (!closed) {
      const more = await poll().catch(() => false)
      if (!more) await wait(everyMs)
    }
  }
  void keep()
  return {
    async catchUp() {
      await running?.catch(() => {})
      while (await poll());
    },
    holds: (id) => ids.has(id),
    lastOkAt: () => okAt,
    async close() {
      closed = true
      await running?.catch(() => {})
    },
  }
}
