/**
 * A push may be lost: with Redis, on its way, or with a node that dies between its commit and its word. Postgres has the event. So
 * each node looks once a second at the ids of what was written, and delivers what somebody here should have heard and did not.
 */
import { roomsFor } from '@dosti/bus'
import type { StoredEvent } from '@dosti/contracts'
import { audienceOf, tell, type Told } from '@dosti/conversations'
import type { EventIds, EventKey, LogReader } from '@dosti/db'
import { repeat, type Logger } from '@dosti/runtime'

const LOOK_EVERY_MS = 1000
/** What was written before this many looks has had its time to be pushed. */
const PATIENCE = 2
/** Ids that are read at a time, and events. */
const KEYS_MAX = 2000
const EVENTS_MAX = 200
/**
 * So long, and up to twice as long, it is remembered that an event was seen in the log without a push, which may come late: Redis was
 * frozen. A push of what is older is dropped: the log has told it, or will. In milliseconds.
 */
const LATE_MS = 60_000
/**
 * Ids that are kept at most. A log that stands still, as behind a very long transaction, is then begun anew at its end; and what was
 * seen without a push, as all that others write while Redis is away, is remembered for less than a minute.
 */
const HEARD_MAX = 100_000

/** Somebody who cannot tell a repeat from news, and so must not hear here what another node may have told before. */
export interface Newcomer {
  /** Transactions from this one on began after they came; missing until the next look. */
  since?: string
}

export interface TellMissed {
  /** What of it is news here: all but what was delivered already, or is too old for that to be remembered. */
  hear: (told: readonly Told[]) => Told[]
  /** Somebody of that kind came to this node. */
  greet: (newcomer: Newcomer) => void
  end: () => void
}

export interface TellMissedOptions {
  reader: LogReader
  /** Somebody in one of these rooms is connected here. */
  isHere: (room: string) => boolean
  /** To everybody here, but of those who cannot tell a repeat only to whom `mayHear` admits. */
  deliver: (told: Told, mayHear: (newcomer: Newcomer) => boolean) => void
  log: Logger
}

/** Looks where the log ends, since whoever comes from now on is to be told all that follows, and from there on once a second. */
export async function createTellMissed(options: TellMissedOptions): Promise<TellMissed> {
  const { log } = options
  const missed = new Missed(options)
  const failed = 'the log cannot be read'
  await missed.look().catch((error: unknown) => log.warn({ err: error }, failed))
  const endLooks = repeat(LOOK_EVERY_MS, () => missed.look(), log, failed)
  return {
    hear: (told) => missed.hear(told),
    greet: (newcomer) => missed.greet(newcomer),
    end: endLooks,
  }
}

/** The looking without its clock. */
export class Missed {
  readonly #options: Omit<TellMissedOptions, 'log'>
  /** Delivered here, and not yet left behind in the log. */
  readonly #heard = new Set<StoredEvent['id']>()
  /** Seen in the log without having been heard: of this minute, and of the one before. */
  #late = new Set<StoredEvent['id']>()
  #later = new Set<StoredEvent['id']>()
  /** When this minute began, by the clock that gives events their timestamps. */
  #minute = Infinity
  /** What was seen of events from here on is remembered. */
  #remembersFrom = -Infinity
  #newcomers = new Set<Newcomer>()
  /** The transaction from which the log is still to be seen; undefined before the first look. */
  #from: string | undefined
  /** The transactions below which all were over, at the last looks. */
  #finished: string[] = []

  constructor(options: Omit<TellMissedOptions, 'log'>) {
    this.#options = options
  }

  hear(told: readonly Told[]): Told[] {
    return told.filter(({ event }) => {
      if (!('seq' in event)) return true
      const { id, timestamp } = event
      if (timestamp < this.#remembersFrom) return false
      if (this.#heard.has(id) || this.#late.has(id) || this.#later.has(id)) return false
      this.#heard.add(id)
      return true
    })
  }

  greet(newcomer: Newcomer): void {
    this.#newcomers.add(newcomer)
  }

  /** Delivers what was missed. Rejects when the log cannot be read; the next look goes on from there. */
  async look(): Promise<void> {
    const { reader } = this.#options
    if (this.#heard.size > HEARD_MAX) this.#from = undefined
    // Before the log is asked where it ends: what is heard meanwhile may lie beyond.
    if (this.#from === undefined) this.#heard.clear()
    const came = this.#newcomers
    this.#newcomers = new Set()
    const { finished, unbegun, now } = await reader.snapshot().catch((error: unknown) => {
      for (const newcomer of came) this.greet(newcomer)
      throw error
    })
    for (const newcomer of came) newcomer.since = unbegun
    this.#forget(now)
    if (this.#from === undefined) {
      this.#from = unbegun
      this.#finished = []
      return
    }
    this.#finished.push(finished)
    // Taken before the reading, which may fail: whoever looks next is not to be more patient for that.
    const before = this.#finished.length > PATIENCE ? this.#finished.shift() : undefined
    if (before === undefined) return
    // A log that is begun anew waits until those are over that had begun.
    while (BigInt(this.#from) < BigInt(before)) {
      const page: EventIds = (await reader.ids(this.#from, before, KEYS_MAX)) ?? { ids: [], last: before }
      if (page.ids.some((id) => !this.#heard.has(id))) {
        const keys = await reader.keys(this.#from, before, KEYS_MAX)
        await this.#tell(keys.filter(({ id }) => !this.#heard.has(id)))
      }
      for (const id of page.ids) this.#heard.delete(id)
      this.#from = page.ids.length < KEYS_MAX ? before : String(BigInt(page.last) + 1n)
    }
  }

  /** After a minute, ends the memory of the one before. */
  #forget(now: number): void {
    // The first look, or a clock that stepped back. What is younger no node has told from the log yet.
    if (now < this.#minute) this.#remembersFrom = now - PATIENCE * LOOK_EVERY_MS
    else if (now < this.#minute + LATE_MS && this.#late.size <= HEARD_MAX) return
    else {
      this.#remembersFrom = this.#minute
      this.#later = this.#late
      this.#late = new Set()
    }
    this.#minute = now
  }

  async #tell(keys: readonly EventKey[]): Promise<void> {
    const { reader, isHere, deliver } = this.#options
    // From here on a push comes too late, while the event is read.
    for (const { id } of keys) this.#late.add(id)
    const mine = keys.filter(({ workspaceId, visitorId, stream }) =>
      roomsFor({ workspaceId, visitorId, audience: audienceOf(stream) }).some(isHere),
    )
    for (let start = 0; start < mine.length; start += EVENTS_MAX) {
      const some = mine.slice(start, start + EVENTS_MAX)
      const xids = new Map(some.map(({ id, xid }) => [id, BigInt(xid)]))
      const found = await reader.events(some)
      for (const { workspaceId, event } of found) {
        const xid = xids.get(event.id) ?? 0n
        for (const told of tell(workspaceId, [event]))
          deliver(told, ({ since }) => since !== undefined && BigInt(since) <= xid)
      }
      // If the next ones cannot be read, these are not told again.
      for (const { event } of found) this.#heard.add(event.id)
    }
  }
}
