import type { Logger } from './logger.ts'

/**
 * Does it every so many milliseconds, for the first time after as many, and never twice at once: a turn that would overlap is left
 * out. What fails is logged in the given words and done again in its next turn. The function ends it.
 */
export function repeat(everyMs: number, task: () => Promise<void>, log: Logger, failed: string): () => void {
  let busy = false
  const turn = async (): Promise<void> => {
    if (busy) return
    busy = true
    try {
      await task()
    } catch (error) {
      log.warn({ err: error }, failed)
    } finally {
      busy = false
    }
  }
  const timer = setInterval(() => void turn(), everyMs)
  return () => clearInterval(timer)
}
