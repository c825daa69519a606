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
