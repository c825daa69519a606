/** Closed loop: every visitor keeps so many sends in flight, each replaced as soon as it is acknowledged. */
import { setTimeout as wait } from 'node:timers/promises'
import { latencies, processorSeconds, spentBetween, type Watched } from './measure.ts'
import { connect, type Handshake, type Line } from './socket.ts'

export interface SendsJob extends Watched {
  kind: 'sends'
  server: string
  visitors: Handshake[]
  /** Sends in flight per visitor. */
  inFlight: number
  /** Somebody who hears every message, as a support team would. */
  listener: Handshake
  /** The name of the event that the listener hears. */
  heardAs: string
  warmUpMs: number
  measureMs: number
  /** Stop before the window and after it, so that the parent can look into the server. */
  stops: boolean
}

/** Says that a point is reached and waits until the parent lets it go on. */
export type Reach = (point: string) => Promise<void>

/** What a window of a closed loop came to. */
export interface LoopResult {
  perSecond: number
  /** Acknowledged over the whole run, warm-up and end included. */
  succeeded: number
  p50: number
  p90: number
  p99: number
  /** Refused, over the whole run. */
  failed: number
  /** Messages that reached the listener, per message acknowledged; 1 if none was lost. */
  heard: number
  /** Processor time by watched process, in microseconds per operation. */
  micros: Record<string, number>
  /** The share of one core that the generator itself used; near 1 it is the bottleneck. */
  generatorBusy: number
}

const TEXT = 'Where is my order? It was due yesterday.'

export async function runSends(job: SendsJob, reach: Reach): Promise<LoopResult> {
  const loop = createLoop(job.measureMs)
  let heard = 0
  const mark = `["${job.heardAs}"`
  const event = (packet: string): void => {
    if (packet.startsWith(mark)) heard += 1
  }
  const listener = await connect(job.server, job.listener, { event })
  // A line that ends is a send that is never answered.
  const gone = (): void => {
    if (!loop.over) loop.failed += 1
  }
  const lines = await inSteps(job.visitors, 50, (visitor) => connect(job.server, visitor, { gone }))
  const body = JSON.stringify({ type: 'saas', message: TEXT })
  const keepSending = (line: Line): void => {
    if (loop.over) return
    const sentAt = performance.now()
    line.request('send_message', body, (reply) => {
      loop.note(sentAt, reply.includes('"success":true'))
      keepSending(line)
    })
  }
  for (const line of lines) for (let index = 0; index < job.inFlight; index += 1) keepSending(line)
  const result = await loop.window(job, reach)
  await wait(300)
  for (const line of [listener, ...lines]) line.close()
  return { ...result, succeeded: loop.succeeded, heard: heard / Math.max(1, loop.succeeded) }
}

/** Counts and times what a closed loop does, and knows when its window is over. */
export function createLoop(measureMs: number) {
  let measuring = false
  let times: number[] = []
  const loop = {
    over: false,
    succeeded: 0,
    failed: 0,
    note(sentAt: number, success: boolean): void {
      if (success) loop.succeeded += 1
      else loop.failed += 1
      if (measuring && success) times.push(performance.now() - sentAt)
    },
    async window(
      job: Watched & { warmUpMs: number; stops: boolean },
      reach: Reach,
    ): Promise<Omit<LoopResult, 'heard'>> {
      await wait(job.warmUpMs)
      if (job.stops) await reach('window')
      times = []
      const before = processorSeconds(job)
      const own = process.cpuUsage()
      const start = performance.now()
      measuring = true
      await wait(measureMs)
      measuring = false
      const seconds = (performance.now() - start) / 1000
      const { user, system } = process.cpuUsage(own)
      const spent = spentBetween(before, processorSeconds(job))
      if (job.stops) await reach('over')
      loop.over = true
      const micros = Object.fromEntries(
        Object.entries(spent).map(([name, value]) => [name, (value * 1e6) / Math.max(1, times.length)]),
      )
      return {
        perSecond: times.length / seconds,
        succeeded: loop.succeeded,
        ...latencies(times),
        failed: loop.failed,
        micros,
        generatorBusy: (user + system) / 1e6 / seconds,
      }
    },
  }
  return loop
}

/** Does something for each item, so many at a time, in order of arrival. */
export async function inSteps<T, R>(items: readonly T[], lanes: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = Array.from<R>({ length: items.length })
  const queue = items.entries()
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane))
  return results
}
