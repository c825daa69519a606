import { DostiError } from '@dosti/contracts'

/** D8: whoever asks is answered within three seconds, if only with a refusal; this leaves room for the way back. In milliseconds. */
export const REQUEST_DEADLINE_MS = 2700
const RETRY_AFTER_MS = 1000

interface Waiting {
  /** By `performance.now()`. */
  until: number
  late: () => void
}

/** The requests under the usual deadline, the oldest first: one timer is enough for all, and most requests set none. */
const waiting = new Set<Waiting>()
let timer: NodeJS.Timeout | undefined

function sweep(): void {
  timer = undefined
  const now = performance.now()
  for (const one of waiting) {
    if (one.until > now) return watch(one.until - now)
    waiting.delete(one)
    one.late()
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
  const one = { until: performance.now() + ms, late }
  waiting.add(one)
  watch(ms)
  return () => void waiting.delete(one)
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
