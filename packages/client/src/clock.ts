/** Time and chance as a port, so that tests decide both. Times are milliseconds since 1970. */
export interface Clock {
  now: () => number
  /** Runs once after that many milliseconds; returns what cancels it. */
  after: (ms: number, run: () => void) => () => void
  /** From 0 up to, not including, 1. */
  random: () => number
}

/** The clock of the machine. */
export const realClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}

/** The longest wait between two tries, so that whoever was cut off is back within ten seconds (I5), however long it lasted. */
const BACKOFF_MAX_MS = 5000

/** How long to wait before try number `attempt` (from 1): doubles from half a second to 5 s, spread so that a crowd does not return at once. */
export function backoffMs(attempt: number, clock: Clock): number {
  const ceiling = Math.min(BACKOFF_MAX_MS, 500 * 2 ** (attempt - 1))
  return Math.round(ceiling * (0.5 + clock.random() / 2))
}
