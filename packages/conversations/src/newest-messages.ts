/**
 * What this process knows of visitors' newest messages, so that "nothing new" needs no database. It may be believed for a second
 * after Postgres said so; a message that is told meanwhile, by this process or another, ends the belief at once.
 */
import type { VisitorId, WorkspaceId } from '@dosti/contracts'
import type { Told } from './ports.ts'

/** How long Postgres' word counts, in milliseconds. */
const BELIEVED_MS = 1000
const ENTRIES_MAX = 50_000

export interface NewestMessages {
  /** True if there certainly was no message after this timestamp a second ago or later. */
  hasNothingAfter(workspaceId: WorkspaceId, visitorId: VisitorId, timestamp: number): boolean
  /** Postgres said at `asOf` that there is nothing after `timestamp`. */
  confirm(workspaceId: WorkspaceId, visitorId: VisitorId, timestamp: number, asOf: number): void
  /** To be given everything the bus tells. */
  hear(told: readonly Told[]): void
  /** Resolves when a message of this visitor is told, or after the time, in milliseconds. */
  wait(workspaceId: WorkspaceId, visitorId: VisitorId, timeoutMs: number): Promise<void>
}

/** The knowledge of one process. `after` runs something later and gives the way to call it off. */
export function createNewestMessages(
  clock: () => number,
  after: (ms: number, run: () => void) => () => void,
): NewestMessages {
  const known = new Map<string, { timestamp: number; until: number }>()
  const waiting = new Map<string, Set<() => void>>()
  // Workspace ids hold no space, so the two parts cannot run into each other.
  const keyOf = (workspaceId: WorkspaceId, visitorId: VisitorId) => `${workspaceId} ${visitorId}`

  return {
    hasNothingAfter(workspaceId, visitorId, timestamp) {
      const entry = known.get(keyOf(workspaceId, visitorId))
      return entry !== undefined && entry.until > clock() && timestamp >= entry.timestamp
    },
    confirm(workspaceId, visitorId, timestamp, asOf) {
      if (known.size >= ENTRIES_MAX) known.clear()
      known.set(keyOf(workspaceId, visitorId), { timestamp, until: asOf + BELIEVED_MS })
    },
    hear(told) {
      for (const { workspaceId, visitorId, event } of told) {
        if (event.name !== 'message.sent') continue
        const key = keyOf(workspaceId, visitorId)
        known.delete(key)
        for (const wake of waiting.get(key) ?? []) wake()
      }
    },
    async wait(workspaceId, visitorId, timeoutMs) {
      const key = keyOf(workspaceId, visitorId)
      const { promise, resolve } = Promise.withResolvers<void>()
      const waiters = waiting.get(key) ?? new Set()
      waiting.set(key, waiters.add(resolve))
      const callOff = after(timeoutMs, resolve)
      await promise
      callOff()
      waiters.delete(resolve)
      if (waiters.size === 0) waiting.delete(key)
    },
  }
}
