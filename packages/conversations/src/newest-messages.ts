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
  /**
   * Certainly there was no message after this timestamp a second ago or later. Of a later timestamp than the one that Postgres
   * confirmed nothing is said: it may be that of a message which was not told here, or a time of day, and only Postgres tells them apart.
   */
  hasNothingAfter(workspaceId: WorkspaceId, visitorId: VisitorId, timestamp: number): boolean
  /** Listens for a visitor's messages from now on: to be called before reading, so that none falls between the two. */
  watch(workspaceId: WorkspaceId, visitorId: VisitorId): Watch
  /** To be given everything the bus tells. */
  hear(told: readonly Told[]): void
  /** The process ends: nobody is to wait any more, who waits is woken. */
  close(): void
  readonly isClosed: boolean
}

export interface Watch {
  /** Postgres said, asked since the watch began, that there is nothing after `timestamp`; void if a message was told since. */
  confirm(timestamp: number): void
  /** Resolves when a message is told, at once if one was already, or after the time, in milliseconds. */
  wait(timeoutMs: number): Promise<void>
  /** Ends the wait as a message would. */
  wake: () => void
  end(): void
}

/** The knowledge of one process. The stopwatch never steps back. `after` runs something later and gives the way to call it off. */
export function createNewestMessages(
  stopwatch: () => number,
  after: (ms: number, run: () => void) => () => void,
): NewestMessages {
  const known = new Map<string, { timestamp: number; until: number }>()
  const watching = new Map<string, Set<() => void>>()
  let isClosed = false
  // Workspace ids hold no space, so the two parts cannot run into each other.
  const keyOf = (workspaceId: WorkspaceId, visitorId: VisitorId) => `${workspaceId} ${visitorId}`

  return {
    hasNothingAfter(workspaceId, visitorId, timestamp) {
      const entry = known.get(keyOf(workspaceId, visitorId))
      return entry !== undefined && entry.until > stopwatch() && timestamp === entry.timestamp
    },
    watch(workspaceId, visitorId) {
      const key = keyOf(workspaceId, visitorId)
      const begun = stopwatch()
      let isTold = false
      const { promise: told, resolve } = Promise.withResolvers<void>()
      const tell = (): void => {
        isTold = true
        resolve()
      }
      const watchers = watching.get(key) ?? new Set()
      watching.set(key, watchers.add(tell))
      return {
        confirm(timestamp) {
          if (isTold) return
          if (known.size >= ENTRIES_MAX) known.clear()
          known.set(key, { timestamp, until: begun + BELIEVED_MS })
        },
        async wait(timeoutMs) {
          if (isClosed) return
          const late = Promise.withResolvers<void>()
          const callOff = after(timeoutMs, late.resolve)
          await Promise.race([told, late.promise])
          callOff()
        },
        wake: tell,
        end() {
          watchers.delete(tell)
          if (watchers.size === 0 && watching.get(key) === watchers) watching.delete(key)
        },
      }
    },
    hear(told) {
      for (const { workspaceId, visitorId, event } of told) {
        if (event.name !== 'message.sent') continue
        const key = keyOf(workspaceId, visitorId)
        known.delete(key)
        for (const tell of watching.get(key) ?? []) tell()
      }
    },
    close() {
      isClosed = true
      for (const watchers of watching.values()) for (const tell of watchers) tell()
    },
    get isClosed() {
      return isClosed
    },
  }
}
