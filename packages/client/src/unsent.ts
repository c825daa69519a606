/** What a message in the browser's storage is called, and until when it is sent: all that the widget's loader needs to know of an outbox. */

/** A message found at a reload after longer than this is offered again, not sent behind its writer's back. In milliseconds. */
const STALE_AFTER_MS = 60 * 60 * 1000

/** What the names of one scope's messages begin with. */
export const outboxPrefix = (scope: string): string => `dosti:outbox:${scope}:`

/** Whether an outbox that finds the message sends it by itself. */
export function isToBeSent({ state, createdAt }: { state?: unknown; createdAt?: unknown }, now: number): boolean {
  return state === 'sending' && now - Number(createdAt) < STALE_AFTER_MS
}
