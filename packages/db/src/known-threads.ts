/**
 * Threads as this process last left them, so that the next change of one need not read it first. Nobody has to believe them: who
 * decides on one writes only if, under the lock, the visitor's row is still the version that is named here.
 */
import type { Thread, Told } from '@dosti/conversations'

/** A thread, and the transaction that last wrote its visitor's row: `xmin`, in Postgres' words. */
export interface Known {
  thread: Thread
  version: string
}

/** How long Postgres' clock is reckoned on from its last word, in milliseconds; clocks drift apart far more slowly. */
const CLOCK_HOLDS_MS = 10_000
const THREADS_MAX = 10_000

export interface KnownThreads {
  get(key: string): Known | undefined
  /** Replaces what was known. The longest unchanged gives way when there are too many. */
  set(key: string, known: Known): void
  forget(key: string): void
  /** To be given what the bus tells: somebody else's change ends what is known of a thread. */
  hear(told: readonly Told[], keyOf: (told: Told) => string): void
  /** Postgres' clock said so, a moment ago. */
  heardClock(now: number): void
  /** Postgres' clock by its last word and the time since, not ahead of it unless it stepped back; undefined if that is too long ago. */
  now(): number | undefined
}

/** `stopwatch` counts milliseconds and never jumps. */
export function createKnownThreads(stopwatch: () => number): KnownThreads {
  const threads = new Map<string, Known>()
  let clock: { now: number; heardAt: number } | undefined
  return {
    get: (key) => threads.get(key),
    set(key, known) {
      threads.delete(key)
      const [oldest] = threads.size >= THREADS_MAX ? threads.keys() : []
      if (oldest !== undefined) threads.delete(oldest)
      threads.set(key, known)
    },
    forget: (key) => void threads.delete(key),
    hear(told, keyOf) {
      for (const one of told) {
        const thread = threads.get(keyOf(one))?.thread
        if (thread !== undefined && isNewTo(thread, one)) threads.delete(keyOf(one))
      }
    },
    heardClock(now) {
      clock = { now, heardAt: stopwatch() }
    },
    now() {
      const since = clock === undefined ? Infinity : stopwatch() - clock.heardAt
      return clock === undefined || since > CLOCK_HOLDS_MS ? undefined : Math.floor(clock.now + since)
    },
  }
}

function isNewTo({ seq, internalSeq, conversation }: Thread, { event }: Told): boolean {
  if ('seq' in event) return event.seq > (event.stream === 'public' ? seq : internalSeq)
  if (event.name !== 'conversation.read') return false
  const { by, seq: read } = event.data
  return read > (conversation?.[by === 'visitor' ? 'readByVisitor' : 'readByAgents'] ?? 0)
}
