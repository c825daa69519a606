import { DostiError } from '@dosti/contracts'

/** D8: whoever asks is answered within three seconds, if only with a refusal; this leaves room for the way back. In milliseconds. */
export const REQUEST_DEADLINE_MS = 2700
const RETRY_AFTER_MS = 1000

/** The work's result, or `service.unavailable` once the time is over; what the work then comes to is unknown, and nobody waits for it. */
export function withinDeadline<T>(work: Promise<T>, ms: number = REQUEST_DEADLINE_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void =>
      reject(new DostiError('service.unavailable', { retryAfterMs: RETRY_AFTER_MS, cause: new Error('deadline') }))
    const timer = setTimeout(late, ms)
    const settle =
      <V>(how: (value: V) => void) =>
      (value: V): void => {
        clearTimeout(timer)
        how(value)
      }
    work.then(settle(resolve), settle(reject))
  })
}
