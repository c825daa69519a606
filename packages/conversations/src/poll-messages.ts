/** The published poll: messages alone, by a cursor that is strict because timestamps rise in commit order. */
import { DostiError, OPEN_HISTORY_MS, PAGE_SIZE_MAX, type StoredEventOf, type VisitorActor } from '@dosti/contracts'
import type { NewestMessages, Watch } from './newest-messages.ts'
import { createPlaces } from './places.ts'
import type { ConversationStore } from './ports.ts'

/** How far back a cursor from the future falls, in milliseconds: a client with a fast clock still gets its answers. */
const FUTURE_FALLBACK_MS = 60_000
/** No message is committed so long after it got its timestamp, in milliseconds. */
const COMMITTED_WITHIN_MS = 24 * 60 * 60 * 1000
/** Below this a number is taken for seconds: as milliseconds it would lie before 1974. */
const SECONDS_BELOW = 100_000_000_000

export interface Poll {
  messages: StoredEventOf<'message.sent'>[]
  /** The cursor for the next poll: never a time after which something may still be committed. */
  nextTimestamp: number
  hasMore: boolean
  /** The cursor lay before what may be read. */
  truncated: boolean
}

/** A cursor as clients send it: milliseconds, seconds or ISO 8601, as number or text; undefined if there is none. Pure. */
export function readTimestamp(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const number = typeof value === 'number' ? value : typeof value === 'string' ? fromText(value.trim()) : Number.NaN
  if (Number.isNaN(number) || number < 0) {
    const problem = 'must be a time in milliseconds since 1970, not negative'
    throw new DostiError('request.invalid', {
      message: `lastTimestamp ${problem}.`,
      details: [{ path: 'lastTimestamp', problem }],
    })
  }
  return Math.floor(number < SECONDS_BELOW ? number * 1000 : number)
}

function fromText(text: string): number {
  if (/^-?\d+(\.\d+)?(e\+?\d+)?$/i.test(text)) return Number(text)
  // Only ISO 8601: Date.parse alone would take half of what people write and guess the rest.
  return /^\d{4}-\d{2}-\d{2}([T ].*)?$/.test(text) ? Date.parse(text) : Number.NaN
}

/** A long poll looks into the database this often even if nothing was told, in milliseconds: telling is best effort. */
const LOOK_AGAIN_MS = 5000
/** So many answers are held back at once, of a visitor and in all; with one more, the one held longest is given. */
const HELD_OF_A_VISITOR_MAX = 10
const HELD_MAX = 10_000

export interface PollPorts {
  store: Pick<ConversationStore, 'messages'>
  newest: NewestMessages
  /** Milliseconds since 1970. */
  clock: () => number
  /** Counts milliseconds and never jumps. */
  stopwatch: () => number
}

/** Holds an answer back until there is something to say. */
export interface Hold {
  waitMs: number
  /** Asked after each wait; rejects if the visitor may hear no more. */
  stillMay: () => Promise<unknown>
  /** Nobody waits for the answer any more. */
  isGone: () => boolean
}

/** How a visitor polls: `lastTimestamp` as the client sent it. */
export type PollMessages = (actor: VisitorActor, lastTimestamp: unknown, hold?: Hold) => Promise<Poll>

/** Reads pages for visitors. Makes nothing, whoever asks. */
export const pollMessages = ({ store, newest, clock, stopwatch }: PollPorts): PollMessages => {
  const places = createPlaces(HELD_OF_A_VISITOR_MAX, HELD_MAX)
  /** "Nothing new" from memory alone; undefined if only the store can tell. */
  const recall = (actor: VisitorActor, cursor: number | undefined): Poll | undefined => {
    if (cursor === undefined || !newest.hasNothingAfter(actor.workspaceId, actor.visitorId, cursor)) return undefined
    return {
      messages: [],
      nextTimestamp: cursor,
      hasMore: false,
      truncated: isTruncated(cursor, since(actor, clock())),
    }
  }
  const read = async (actor: VisitorActor, cursor: number | undefined, watch: Watch): Promise<Poll> => {
    const { workspaceId, visitorId } = actor
    const askedAt = clock()
    const earliest = since(actor, askedAt)
    const messagesAfter = (afterTimestamp: number | undefined) =>
      store.messages({
        workspaceId,
        visitorId,
        limit: PAGE_SIZE_MAX,
        ...(earliest === undefined ? {} : { since: earliest }),
        ...(afterTimestamp === undefined ? {} : { afterTimestamp }),
      })

    let after = cursor
    let page = await messagesAfter(after)
    const now = page?.now ?? askedAt
    // The stream may run ahead of its clock; only a cursor that lies ahead of both is a client's mistake.
    if (after !== undefined && after > Math.max(now, page?.lastTimestamp ?? 0)) {
      after = now - FUTURE_FALLBACK_MS
      page = await messagesAfter(after)
    }
    const messages = page?.messages ?? []
    // Between the newest event and the cursor there may be one that has its timestamp and is not committed.
    const passed = Math.max(page?.reached ?? 0, now - COMMITTED_WITHIN_MS)
    const nextTimestamp = messages.at(-1)?.timestamp ?? Math.min(after ?? 0, passed)
    const hasMore = (after !== undefined && page?.hasMore) ?? false
    if (page && !hasMore) watch.confirm(nextTimestamp)
    return { messages, nextTimestamp, hasMore, truncated: isTruncated(cursor, earliest) }
  }

  return async (actor, lastTimestamp, hold) => {
    const given = readTimestamp(lastTimestamp)
    const cursor = given === undefined ? undefined : Math.min(given, Number.MAX_SAFE_INTEGER)
    // The usual poll, and all that it costs: nobody needs to be listened for.
    const quiet = recall(actor, cursor)
    if (quiet !== undefined && hold === undefined) return quiet
    const { workspaceId, visitorId } = actor
    const end = stopwatch() + (hold?.waitMs ?? 0)
    let wake = (): void => undefined
    const place = hold && places.take(`${workspaceId} ${visitorId}`, () => wake())
    try {
      for (;;) {
        const watch = newest.watch(workspaceId, visitorId)
        wake = watch.wake
        try {
          const poll = recall(actor, cursor) ?? (await read(actor, cursor, watch))
          const left = end - stopwatch()
          if (poll.messages.length > 0 || left <= 0 || newest.isClosed) return poll
          if (hold === undefined || !place?.isHeld || hold.isGone()) return poll
          await watch.wait(Math.min(left, LOOK_AGAIN_MS))
          await hold.stillMay()
        } finally {
          watch.end()
        }
      }
    } finally {
      place?.leave()
    }
  }
}

/** From when on a visitor may read: all of it with a proof of who they are, else the last days. */
function since(actor: VisitorActor, now: number): number | undefined {
  return actor.bound ? undefined : now - OPEN_HISTORY_MS
}

function isTruncated(cursor: number | undefined, earliest: number | undefined): boolean {
  return cursor !== undefined && earliest !== undefined && cursor < earliest
}
