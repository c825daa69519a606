/** Many connections at once, and then silence: connects per second, and what an idle visitor costs. */
import { processorSeconds, spentBetween, type Watched } from './measure.ts'
import { inSteps } from './sends.ts'
import { connect, type Handshake } from './socket.ts'

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
  const lines = await inSteps(job.visitors, job.atOnce, (visitor) => connect(job.server, visitor))
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(own)
  const spent = spentBetween(before, processorSeconds(job))
  if (job.stops) await reach('idle')
  for (const line of lines) line.close()
  return {
    perSecond: lines.length / seconds,
    micros: Object.fromEntries(Object.entries(spent).map(([name, value]) => [name, (value * 1e6) / lines.length])),
    generatorBusy: (user + system) / 1e6 / seconds,
  }
}
