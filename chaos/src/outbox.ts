/** Sends one message after the other, each until its outcome is known, and records what became of it. */
import { setTimeout as wait } from 'node:timers/promises'
import { ERRORS } from '@dosti/contracts'
import type { Reach } from './reach.ts'
import type { Send } from './recording.ts'

export interface Outbox {
  add: (send: Send) => void
  /** Messages whose outcome is not known yet. */
  size: () => number
  /** When the oldest of them was added; undefined if there is none. */
  oldestSince: () => number | undefined
}

const RETRY_MS = 300
const RETRY_MAX_MS = 1500

/** `settled` hears of each message that was acknowledged, once. */
export function createOutbox(ask: Reach['ask'], settled: (send: Send) => void): Outbox {
  const queue: { send: Send; since: number }[] = []
  let working = false
  const work = async (): Promise<void> => {
    working = true
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      await deliver(ask, first.send)
      queue.shift()
      if (first.send.outcome === 'ok') settled(first.send)
    }
    working = false
  }
  return {
    add(send) {
      queue.push({ send, since: Date.now() })
      if (!working) void work()
    },
    size: () => queue.length,
    oldestSince: () => queue[0]?.since,
  }
}

/** Tries until it is known; without a client message id once, since a repeat would be another message. */
async function deliver(ask: Reach['ask'], send: Send): Promise<void> {
  for (;;) {
    const retryMs = await tryOnce(ask, send)
    if (retryMs === undefined) return
    send.openAttempts += 1
    if (send.clientMessageId === null) return
    await wait(Math.min(retryMs, RETRY_MAX_MS))
  }
}

/** One attempt: how long to wait before the next, or undefined if the outcome is known. */
export async function tryOnce(ask: Reach['ask'], send: Send): Promise<number | undefined> {
  const { visitorId, text, clientMessageId, stream } = send
  const operation = stream === 'internal' ? 'note.add' : 'message.send'
  try {
    const reply = await ask(operation, { visitorId, text, ...(clientMessageId === null ? {} : { clientMessageId }) })
    if (reply.ok) {
      const { id, timestamp } = reply.data['event'] as { id: string; timestamp: number }
      send.acks.push({ id, timestamp, at: Date.now() })
      send.outcome = 'ok'
      return undefined
    }
    if (ERRORS[reply.error.code].retry) return reply.error.retryAfterMs ?? RETRY_MS
    send.outcome = 'fail'
    send.code = reply.error.code
    return undefined
  } catch {
    return RETRY_MS
  }
}
