import { randomUUID } from 'node:crypto'
import type { IdPrefix } from '@dosti/contracts'

/** Ids that sort roughly by age: a prefix, 12 hex digits of the clock in milliseconds, 20 random ones. */
export function createIds(clock: () => number = Date.now): { next<P extends IdPrefix>(prefix: P): `${P}_${string}` } {
  return {
    next: (prefix) =>
      `${prefix}_${clock().toString(16).padStart(12, '0')}${randomUUID().replaceAll('-', '').slice(12)}`,
  }
}
