/** Everybody is connected, the server goes away, and all come back as clients do: at once, then with growing waits. */
import { setTimeout as wait } from 'node:timers/promises'
import { quantile } from './measure.ts'
import { inSteps } from './sends.ts'
import { connect, type Handshake, type Line } from './socket.ts'

export interface ReturnJob {
  kind: 'return'
  server: string
  visitors: Handshake[]
  /** The first of them go on sending all the while, again and again until acknowledged. */
  writers: number
  /** Begins the client message ids: what an earlier run stored is a repeat, and cannot be lost. */
  run: string
}

export interface ReturnResult {
  /** Seconds from the loss of the first connection until so many were back. */
  half: number
  ninetyNine: number
  all: number
  /** Client message ids that were acknowledged, whenever. */
  acknowledged: string[]
  /** Tries in all, and how many of them the server answered with a refusal. */
  attempts: number
  refused: number
  /** Visitors who did not come back within two minutes. */
  never: number
}

const PATIENCE_MS = 120_000

export async function runReturn(job: ReturnJob, reach: (point: string) => Promise<void>): Promise<ReturnResult> {
  /** By visitor: one who is lost once more is not back. */
  const backAt = new Map<number, number>()
  const acknowledged: string[] = []
  const held: (Line | undefined)[] = []
  let lostAt = 0
  let attempts = 0
  let refused = 0
  let ending = false
  const comeBack = async (index: number): Promise<void> => {
    lostAt ||= performance.now()
    held[index] = undefined
    backAt.delete(index)
    // Growing waits with jitter, as clients have them, cut at two seconds so that the server is what is measured.
    for (let pause = 500; !ending; pause = Math.min(pause * 2, 2000)) {
      await wait(pause * (0.5 + Math.random()))
      attempts += 1
      const line = await enter(index).catch((error: unknown) => {
        if (String(error).includes('refused: ')) refused += 1
        return undefined
      })
      if (line === undefined) continue
      held[index] = line
      backAt.set(index, performance.now())
      return
    }
  }
  const enter = (index: number): Promise<Line> =>
    connect(job.server, job.visitors[index] ?? {}, { gone: () => !ending && void comeBack(index) })
  const write = async (index: number): Promise<void> => {
    for (let number = 0; !ending; number += 1) {
      const clientMessageId = `${job.run}-${index}-${number}`
      while (!ending && !(await sendOnce(held[index], clientMessageId))) await wait(200)
      if (!ending) acknowledged.push(clientMessageId)
      await wait(500)
    }
  }

  await inSteps([...job.visitors.keys()], 100, async (index) => {
    held[index] = await enter(index)
  })
  const writing = Array.from({ length: job.writers }, (_, index) => write(index))
  await wait(1000)
  await reach('connected')
  const patience = performance.now() + PATIENCE_MS
  while (backAt.size < job.visitors.length && performance.now() < patience) await wait(50)
  await wait(1000)
  ending = true
  await Promise.all(writing)
  for (const line of held) line?.close()
  // Who never came back counts with all the time there was: a bad result, not a failure of the harness.
  const never = Array.from({ length: job.visitors.length - backAt.size }, () => lostAt + PATIENCE_MS)
  const seconds = [...backAt.values(), ...never].map((at) => (at - lostAt) / 1000).toSorted((a, b) => a - b)
  return {
    half: quantile(seconds, 0.5),
    ninetyNine: quantile(seconds, 0.99),
    all: quantile(seconds, 1),
    acknowledged,
    attempts,
    refused,
    never: never.length,
  }
}

function sendOnce(line: Line | undefined, clientMessageId: string): Promise<boolean> {
  if (line === undefined) return Promise.resolve(false)
  const body = JSON.stringify({ type: 'saas', message: 'Still there?', clientMessageId })
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), 3000)
    line.request('send_message', body, (reply) => {
      clearTimeout(timer)
      resolve(reply.includes('"success":true'))
    })
  })
}
