/** A client's way to the product: connects again, to another gateway if this one does not serve, as a phone or browser does. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Reply } from '@dosti/contracts'
import type { Dial, Hearing, Line } from './lines.ts'
import type { Random } from './random.ts'
import type { Attempt } from './recording.ts'

export interface Reach {
  /** Waits for a connection, asks, and rejects if the outcome is unknown. */
  ask: (operation: string, input: object) => Promise<Reply<Record<string, unknown>>>
  /** When something was last answered with a success. */
  lastOkAt: () => number
  /** Ends the connection, which comes back. */
  drop: () => void
  close: () => void
}

export interface ReachOptions {
  party: string
  visitorId: string
  dial: Dial
  /** Where to connect, the first first. */
  urls: readonly string[]
  hearing: Hearing
  random: Random
  attempts: Attempt[]
  /** Called at each connection; what was missed is to be asked for now. */
  onUp: (line: Line) => void
}

/** Refusals in a row after which another gateway is tried. */
const PATIENCE = 2
const AGAIN_MS = [50, 400] as const

/** Connects and stays connected until closed. */
export function stayConnected(options: ReachOptions): Reach {
  const { party, visitorId, dial, urls, hearing, random, attempts, onUp } = options
  let line = Promise.withResolvers<Line>()
  let current: Line | undefined
  let closed = false
  let refusals = 0
  let okAt = 0
  let owed = 0
  /** Nobody asks this line any more; it is dropped when it has answered what it was asked. */
  let leaving = false
  const keep = async (): Promise<void> => {
    for (let turn = 0; !closed; turn += 1) {
      try {
        const up = await dial(urls[turn % urls.length] ?? '', hearing)
        current = up
        refusals = 0
        if (closed) up.close()
        line.resolve(up)
        onUp(up)
        await up.ended
      } catch {
        // Not reached; the next turn tries the other one.
      }
      if (current !== undefined && !leaving) line = Promise.withResolvers<Line>()
      current = undefined
      leaving = false
      await wait(random.between(...AGAIN_MS))
    }
  }
  void keep()
  const drop = (): void => current?.close()
  const leave = (): void => {
    if (!leaving && current !== undefined) line = Promise.withResolvers<Line>()
    leaving = current !== undefined
  }

  return {
    async ask(operation, input) {
      const up = await line.promise
      owed += 1
      const startedAt = Date.now()
      const note = (outcome: Attempt['outcome'], code?: string): void =>
        void attempts.push({
          party,
          visitorId,
          operation,
          startedAt,
          tookMs: Date.now() - startedAt,
          outcome,
          ...(code === undefined ? {} : { code }),
        })
      try {
        const reply = await up.ask(operation, input)
        note(reply.ok ? 'ok' : 'refused', reply.ok ? undefined : reply.error.code)
        if (reply.ok) {
          refusals = 0
          okAt = Date.now()
        } else if (reply.error.code === 'service.unavailable' && (refusals += 1) >= PATIENCE && urls.length > 1) leave()
        return reply
      } catch (error) {
        note('lost')
        // Somebody who does not answer is as good as gone.
        if (up === current) drop()
        throw error
      } finally {
        owed -= 1
        if (leaving && owed === 0) drop()
      }
    },
    lastOkAt: () => okAt,
    drop,
    close() {
      closed = true
      drop()
    },
  }
}
