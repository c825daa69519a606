import { DostiError } from '@dosti/contracts'
import type { Change, Changed, ConversationStore, Outcome } from './ports.ts'

/** Batches form by themselves: while some commit, the next gathers. No timer, bounded memory. */
export interface Writer {
  /** Resolves once committed. Throws what the decision threw, or `service.unavailable`. */
  change(change: Change): Promise<Changed>
}

interface Waiting {
  change: Change
  visitor: string
  /** When it came, by the stopwatch. */
  since: number
  settle: PromiseWithResolvers<Changed>
}

const BATCH_MAX = 100
const IN_FLIGHT_MAX = 2
const QUEUE_MAX = 10_000
const RETRY_AFTER_MS = 1000
/** Who has waited this long in the queue has been refused by now; to commit it after all would surprise everybody. */
const QUEUE_WAIT_MAX_MS = 2500

export interface WriterPorts {
  store: Pick<ConversationStore, 'change'>
  /** Counts milliseconds and never jumps. */
  stopwatch: () => number
  /** Runs something once all that arrived in this turn of the event loop was taken in. */
  defer: (work: () => void) => void
}

/** A writer over a store; one per process. */
export function createWriter(
  { store, stopwatch, defer }: WriterPorts,
  { batchMax = BATCH_MAX, queueMax = QUEUE_MAX } = {},
): Writer {
  let queue: Waiting[] = []
  const busy = new Set<string>()
  let inFlight = 0
  let scheduled = false

  // A visitor whose change is being committed waits for the next batch: so its own messages keep their order.
  const nextBatch = (): Waiting[] => {
    const batch: Waiting[] = []
    const rest: Waiting[] = []
    const expired = stopwatch() - QUEUE_WAIT_MAX_MS
    for (const waiting of queue) {
      if (waiting.since < expired) waiting.settle.reject(unavailable())
      else (batch.length < batchMax && !busy.has(waiting.visitor) ? batch : rest).push(waiting)
    }
    queue = rest
    return batch
  }
  const commit = async (batch: Waiting[]): Promise<void> => {
    let isLeft = false
    const answered = new Set<number>()
    const leave = (): void => {
      if (isLeft) return
      isLeft = true
      inFlight -= 1
      schedule()
    }
    const settled = (index: number, outcome: Outcome): void => {
      const waiting = batch[index]
      if (!waiting || answered.has(index)) return
      answered.add(index)
      busy.delete(waiting.visitor)
      if (outcome.ok) waiting.settle.resolve(outcome.changed)
      else waiting.settle.reject(outcome.error)
      schedule()
    }
    inFlight += 1
    for (const { visitor } of batch) busy.add(visitor)
    try {
      await store.change(
        batch.map(({ change }) => change),
        { settled, ready: leave },
      )
    } catch (error) {
      batch.forEach((_waiting, index) => settled(index, { ok: false, error }))
    } finally {
      leave()
    }
  }
  const flush = (): void => {
    scheduled = false
    while (inFlight < IN_FLIGHT_MAX) {
      const batch = nextBatch()
      if (batch.length === 0) return
      void commit(batch)
    }
  }
  // Not at once: the rest of this turn shares the transaction. The first message alone would take one of the two places.
  const schedule = (): void => {
    if (scheduled || queue.length === 0) return
    scheduled = true
    defer(flush)
  }

  return {
    change(change) {
      if (queue.length >= queueMax) return Promise.reject(unavailable())
      const settle = Promise.withResolvers<Changed>()
      queue.push({ change, visitor: `${change.workspaceId} ${change.visitorId}`, since: stopwatch(), settle })
      schedule()
      return settle.promise
    },
  }
}

function unavailable(): DostiError {
  return new DostiError('service.unavailable', { retryAfterMs: RETRY_AFTER_MS })
}
