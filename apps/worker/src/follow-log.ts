/** Follows the log of events: what an event asks for becomes a row in the transaction that moves the cursor. */
import { alertsFor, type AlertDraft } from '@dosti/conversations'
import type { AddedAlert, LedLog, LogEntry } from '@dosti/db'

/** Events in one step. */
const STEP_MAX = 500
/** Without a hint the log is read this often, in milliseconds. */
const READ_EVERY_MS = 500

/** What the entries ask for, in their order: a message that follows an alerted one in the same step is covered by it. Pure. */
export function alertsForStep(entries: readonly LogEntry[]): AlertDraft[] {
  const drafts: AlertDraft[] = []
  for (const { workspaceId, event, standing } of entries) {
    const covered = drafts
      .filter(({ conversationId }) => conversationId === event.conversationId)
      .map(({ eventSeq }) => eventSeq)
    drafts.push(...alertsFor(workspaceId, event, standing?.attendance, [...(standing?.dueSeqs ?? []), ...covered]))
  }
  return drafts
}

/** One step; true if there may be more to read at once. */
export async function step(log: LedLog, added: (alerts: AddedAlert[]) => Promise<void>): Promise<boolean> {
  const entries = await log.readAfterCursor(STEP_MAX)
  const last = entries.at(-1)
  if (!last) return false
  await added(await log.advance(last.position, alertsForStep(entries)))
  return entries.length === STEP_MAX
}

/** A wait that can be cut short: by a hint that something was written, or by the end. */
export interface Hint {
  /** Something may be in the log. */
  give(): void
  /** Resolves at the next hint, or when the log is due to be read anyway. */
  wait(signal: AbortSignal): Promise<void>
}

/** A hint given while nobody waits is kept for the next wait. */
export function createHint(everyMs: number = READ_EVERY_MS): Hint {
  let given = false
  let wake: (() => void) | undefined
  return {
    give() {
      given = true
      wake?.()
    },
    async wait(signal) {
      if (given || signal.aborted) {
        given = false
        return
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      const timer = setTimeout(resolve, everyMs)
      const end = () => resolve()
      signal.addEventListener('abort', end)
      await promise
      // The signal outlives thousands of waits.
      signal.removeEventListener('abort', end)
      clearTimeout(timer)
      wake = undefined
      given = false
    },
  }
}
