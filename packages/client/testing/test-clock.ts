import type { Clock } from '../src/clock.ts'

/** A clock that stands still until it is moved. */
export interface TestClock extends Clock {
  /** Runs, in order, all that falls due within that time, and lets promises settle in between. */
  advance: (ms: number) => Promise<void>
  /** How many timers still run: zero after a clean end. */
  pending: () => number
}

export function createTestClock(random: () => number = () => 0.5): TestClock {
  let now = 1_750_000_000_000
  let timers: { at: number; run: () => void }[] = []
  return {
    now: () => now,
    random,
    after: (ms, run) => {
      const timer = { at: now + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance: async (ms) => {
      const end = now + ms
      await settle()
      for (;;) {
        const [next] = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        timers = timers.filter((timer) => timer !== next)
        now = Math.max(now, next.at)
        next.run()
        await settle()
      }
      now = end
    },
    pending: () => timers.length,
  }
}

/** Lets every promise that is already settled run what waits for it. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}
