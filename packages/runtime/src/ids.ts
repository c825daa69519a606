import { randomBytes } from 'node:crypto'
import type { IdPrefix } from '@dosti/contracts'

const RANDOM_DIGITS = 20
/** Random digits drawn at once: asking the system for each id apart would cost as much as all the rest of it. */
const POOL_DIGITS = 200 * RANDOM_DIGITS

/** Ids that sort roughly by age: a prefix, 12 hex digits of the clock in milliseconds, 20 random ones. */
export function createIds(clock: () => number = Date.now): { next<P extends IdPrefix>(prefix: P): `${P}_${string}` } {
  let pool = ''
  let used = 0
  let now = NaN
  let time = ''
  return {
    next(prefix) {
      const before = now
      now = clock()
      if (now !== before) time = now.toString(16).padStart(12, '0')
      if (used === pool.length) [pool, used] = [randomBytes(POOL_DIGITS / 2).toString('hex'), 0]
      used += RANDOM_DIGITS
      return `${prefix}_${time}${pool.slice(used - RANDOM_DIGITS, used)}`
    },
  }
}
