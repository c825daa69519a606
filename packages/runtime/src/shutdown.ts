import type { Logger } from './logger.ts'

/** One thing to close, with the name that a log line shows if it hangs. */
export type Step = readonly [name: string, close: () => unknown]

const DEADLINE_MS = 10_000

/** On SIGTERM or SIGINT closes the steps in order, then ends the process; a second signal or the deadline, in milliseconds, ends it at once. */
export function closeOnSignal(log: Logger, steps: readonly Step[], deadlineMs: number = DEADLINE_MS): void {
  let closing = false
  const close = async (signal: NodeJS.Signals): Promise<void> => {
    if (closing) process.exit(1)
    closing = true
    log.info({ signal }, 'closing')
    setTimeout(() => process.exit(1), deadlineMs).unref()
    for (const [name, step] of steps) {
      try {
        await step()
      } catch (error) {
        log.error({ err: error, step: name }, 'could not close')
      }
    }
    process.exit(0)
  }
  process.on('SIGTERM', (signal) => void close(signal))
  process.on('SIGINT', (signal) => void close(signal))
  // What nobody caught leaves the process in an unknown state: log it and let the supervisor start a fresh one.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception')
    process.exit(1)
  })
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'unhandled rejection')
    process.exit(1)
  })
}
