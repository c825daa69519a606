/** Many connections at once, and then silence: connects per second, and what an idle visitor costs. */
import { setTimeout as wait } from 'node:timers/promises'
import { processorSeconds, spentBetween, type Watched } from './measure.ts'
import { inSteps } from './sends.ts'
import { connect, type Handshake } from './socket.ts'

const GOODBYES_MS = 15_000

export interface StormJob extends Watched {
  kind: 'storm'
  server: string
  visitors: Handshake[]
  /** Handshakes under way at a time. */
  atOnce: number
  /** Stop at these points and wait for the parent: before the first connection and once all are idle. */
  stops: boolean
}

export interface StormResult {
  perSecond: number
  micros: Record<string, number>
  generatorBusy: number
}

export async function runStorm(job: StormJob, reach: (point: string) => Promise<void>): Promise<StormResult> {
  if (job.stops) await reach('empty')
  const before = processorSeconds(job)
  const own = process.cpuUsage()
  const start = performance.now()
  let left = 0
  const gone = (): void => void (left += 1)
  const lines = await inSteps(job.visitors, job.atOnce, (visitor) => connect(job.server, visitor, { gone }))
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(own)
  const spent = spentBetween(before, processorSeconds(job))
  if (job.stops) await reach('idle')
  for (const line of lines) line.close()
  // Who comes next on that core should not pay for the goodbyes.
  for (let waited = 0; waited < GOODBYES_MS && left < lines.length; waited += 50) await wait(50)
  return {
    perSecond: lines.length / seconds,
    micros: Object.fromEntries(Object.entries(spent).map(([name, value]) => [name, (value * 1e6) / lines.length])),
    generatorBusy: (user + system) / 1e6 / seconds,
  }
}
