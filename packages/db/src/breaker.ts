/**
 * A circuit breaker towards Postgres: once it has failed to answer a few times in a row, callers are refused at once instead of
 * each waiting for its own time-out; one of them, now and then, is let through to see whether it is back.
 */
export interface Breaker {
  /** False: do not ask now. True to at most one caller at a time while Postgres is thought to be away. */
  mayAsk(): boolean
  /** Postgres answered, if only with an error. */
  answered(): void
  /** Postgres did not answer. */
  failed(): void
}

const FAILURES_MAX = 5
const PROBE_EVERY_MS = 500

/** A breaker that is closed: everybody may ask. `clock` in milliseconds. */
export function createBreaker(clock: () => number = () => performance.now()): Breaker {
  let failures = 0
  let nextProbe = 0
  return {
    mayAsk() {
      if (failures < FAILURES_MAX) return true
      if (clock() < nextProbe) return false
      nextProbe = clock() + PROBE_EVERY_MS
      return true
    },
    answered() {
      failures = 0
    },
    failed() {
      failures += 1
      if (failures === FAILURES_MAX) nextProbe = clock() + PROBE_EVERY_MS
    },
  }
}
