import type { IdPrefix } from '@dosti/contracts'
import type { Ids } from '../src/ports.ts'

/** Ids that count up: readable in a failed test, and in the order in which they were made. */
export function countingIds(): Ids {
  let count = 0
  return {
    next<P extends IdPrefix>(prefix: P): `${P}_${string}` {
      count += 1
      return `${prefix}_${String(count).padStart(6, '0')}`
    },
  }
}
