import { DostiError } from '@dosti/contracts'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

/** Counts requests in minutes. Throws `rate.limited` with the wait until the minute is over. */
export interface Limits {
  /** `bucket` names the rule, `subject` whom it counts. */
  take(bucket: string, subject: string, perMinute: number): Promise<void>
}

/** Limits of this process; a cap on the sum over nodes belongs in front of them. */
export function createLimits(hold: boolean): Limits {
  if (!hold) return { take: async () => {} }
  const limiters = new Map<string, RateLimiterMemory>()
  return {
    async take(bucket, subject, perMinute) {
      let limiter = limiters.get(bucket)
      if (!limiter) {
        limiter = new RateLimiterMemory({ points: perMinute, duration: 60, keyPrefix: bucket })
        limiters.set(bucket, limiter)
      }
      try {
        await limiter.consume(subject)
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes)
          throw new DostiError('rate.limited', { retryAfterMs: refusal.msBeforeNext })
        throw refusal
      }
    },
  }
}

/** Distinct ids that nobody has, per workspace and address: far above what a busy office or back end comes to. */
const UNKNOWN_IDS_PER_MINUTE = 300

/** Counts each unknown id once a minute, so that a client that asks before it first writes is not taken for a guesser. */
export function createGuessFence(
  limits: Limits,
  clock: () => number = Date.now,
): { countUnknown(workspaceId: string, address: string, visitorId: string): Promise<void> } {
  let seen = new Set<string>()
  let minute = 0
  return {
    async countUnknown(workspaceId, address, visitorId) {
      const now = Math.floor(clock() / 60_000)
      if (now !== minute) [minute, seen] = [now, new Set()]
      const entry = `${workspaceId} ${address} ${visitorId}`
      if (seen.has(entry)) return
      // By the minute that `seen` is of, so that no id counts twice in one window.
      await limits.take('unknown ids', `${workspaceId} ${address} ${minute}`, UNKNOWN_IDS_PER_MINUTE)
      seen.add(entry)
    },
  }
}
