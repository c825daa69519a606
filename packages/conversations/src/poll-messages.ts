/** The published poll: messages alone, by a cursor that is strict because timestamps rise in commit order. */
import { DostiError, OPEN_HISTORY_MS, PAGE_SIZE_MAX, type StoredEventOf, type VisitorActor } from '@dosti/contracts'
import type { ConversationStore } from './ports.ts'

/** How far back a cursor from the future falls, in milliseconds: a client with a fast clock still gets its answers. */
const FUTURE_FALLBACK_MS = 60_000
/** Below this a number is taken for seconds: as milliseconds it would lie before 1974. */
const SECONDS_BELOW = 100_000_000_000

export interface Poll {
  messages: StoredEventOf<'message.sent'>[]
  /** The cursor for the next poll. */
  nextTimestamp: number
  hasMore: boolean
  /** The cursor lay before what may be read. */
  truncated: boolean
  /** Somebody has written under this id. */
  known: boolean
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

/** Reads a page for a visitor. `lastTimestamp` as the client sent it. Makes nothing, whoever asks. */
export const pollMessages =
  ({ store, clock }: { store: ConversationStore; clock: () => number }) =>
  async (actor: VisitorActor, lastTimestamp: unknown): Promise<Poll> => {
    const now = clock()
    const cursor = readTimestamp(lastTimestamp)
    const since = actor.bound ? undefined : now - OPEN_HISTORY_MS
    const query = {
      workspaceId: actor.workspaceId,
      visitorId: actor.visitorId,
      limit: PAGE_SIZE_MAX,
      ...(since === undefined ? {} : { since }),
    }
    const read = (afterTimestamp: number | undefined) =>
      store.messages({ ...query, ...(afterTimestamp === undefined ? {} : { afterTimestamp }) })

    let after = cursor === undefined ? undefined : Math.min(cursor, Number.MAX_SAFE_INTEGER)
    let page = await read(after)
    // The stream may run ahead of this machine's clock; only a cursor that lies ahead of both is a client's mistake.
    if (after !== undefined && after > Math.max(now, page?.thread.lastTimestamp ?? 0)) {
      after = now - FUTURE_FALLBACK_MS
      page = await read(after)
    }
    const messages = page?.messages ?? []
    return {
      messages,
      nextTimestamp: messages.at(-1)?.timestamp ?? after ?? 0,
      hasMore: (after !== undefined && page?.hasMore) ?? false,
      truncated: after !== undefined && since !== undefined && after < since,
      known: page !== undefined,
    }
  }
