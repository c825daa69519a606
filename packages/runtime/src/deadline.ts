import { DostiError } from '@dosti/contracts'

/** D8: whoever asks is answered within three seconds, if only with a refusal; this leaves room for the way back. In milliseconds. */
export const REQUEST_DEADLINE_MS = 2700
const RETRY_AFTER_MS = 1000

/** A request under the usual deadline, between its neighbours. */
interface Waiting {
  /** By `performance.now()`. */
  until: number
  late: () => void
  before: Waiting
  after: Waiting
}

/**
 * All of them in a ring, the oldest first behind this one: one timer is enough for all, and most requests set none. A Set of them
 * took three times as long to enter and leave.
 */
const ring = { until: Infinity, late: () => {} } as Waiting
ring.before = ring
ring.after = ring
let timer: NodeJS.Timeout | undefined

/** Once or twice: work may still end after it was given up. */
function leave(one: Waiting): void {
  one.before.after = one.after
  one.after.before = one.before
  one.before = one
  one.after = one
}

function sweep(): void {
  timer = undefined
  const now = performance.now()
  for (let oldest = ring.after; oldest !== ring; oldest = ring.after) {
    if (oldest.until > now) return watch(oldest.until - now)
    leave(oldest)
    oldest.late()
  }
}

function watch(ms: number): void {
  timer ??= setTimeout(sweep, ms).unref()
}

/** Calls `late` after the time, unless the returned function is called before. */
function startClock(late: () => void, ms: number): () => void {
  if (ms !== REQUEST_DEADLINE_MS) {
    const own = setTimeout(late, ms)
    return () => clearTimeout(own)
  }
  const one = { until: performance.now() + ms, late, before: ring.before, after: ring }
  ring.before.after = one
  ring.before = one
  watch(ms)
  return () => leave(one)
}

/** The work's result, or `service.unavailable` once the time is over; what the work then comes to is unknown, and nobody waits for it. */
export function withinDeadline<T>(work: Promise<T>, ms: number = REQUEST_DEADLINE_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopClock = startClock(() => {
      reject(new DostiError('service.unavailable', { retryAfterMs: RETRY_AFTER_MS, cause: new Error('deadline') }))
    }, ms)
    work.then(
      (value) => {
        stopClock()
        resolve(value)
      },
      (error: unknown) => {
        stopClock()
        reject(error)
      },
    )
  })
}
