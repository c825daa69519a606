/** Open loop: messages leave at a fixed rate, whatever the server does; the time counts until somebody else has them. */
import { setTimeout as wait } from 'node:timers/promises'
import { latencies, processorSeconds, spentBetween, type Watched } from './measure.ts'
import { inSteps } from './sends.ts'
import { connect, type Handshake } from './socket.ts'

export interface DeliveriesJob extends Watched {
  kind: 'deliveries'
  /** Where the visitors are. */
  server: string
  /** A second listener on another node: what its way adds is read message by message. */
  far?: { server: string; listener: Handshake }
  visitors: Handshake[]
  listener: Handshake
  heardAs: string
  perSecond: number
  warmUpMs: number
  measureMs: number
}

export interface DeliveriesResult {
  p50: number
  p90: number
  p99: number
  sent: number
  /** By the listener, or by both. */
  heard: number
  /** How much later the far listener had a message than the near one. */
  added?: { p50: number; p90: number; p99: number }
  /** The rate that was really sent. */
  perSecond: number
  micros: Record<string, number>
  generatorBusy: number
}

const DRAIN_MS = 15_000

export async function runDeliveries(job: DeliveriesJob): Promise<DeliveriesResult> {
  const sentAt: number[] = []
  const heardAt: number[] = []
  const farAt: number[] = []
  const mark = `["${job.heardAs}"`
  const into =
    (times: number[]) =>
    (packet: string): void => {
      if (!packet.startsWith(mark)) return
      const number = /#(\d+)#/.exec(packet)?.[1]
      if (number !== undefined) times[Number(number)] ??= performance.now()
    }
  const listeners = [await connect(job.server, job.listener, { event: into(heardAt) })]
  if (job.far !== undefined) listeners.push(await connect(job.far.server, job.far.listener, { event: into(farAt) }))
  const lines = await inSteps(job.visitors, 50, (visitor) => connect(job.server, visitor))
  const send = (): void => {
    const number = sentAt.length
    const message = `#${number}# Where is my order? Due yesterday.`.slice(0, 40)
    sentAt.push(performance.now())
    lines[number % lines.length]?.request('send_message', `{"type":"saas","message":"${message}"}`, () => {})
  }
  const pace = async (milliseconds: number): Promise<void> => {
    const start = performance.now()
    const already = sentAt.length
    for (let now = start; now - start < milliseconds; now = performance.now()) {
      const due = already + ((now - start) * job.perSecond) / 1000
      while (sentAt.length < due) send()
      await wait(1)
    }
  }
  await pace(job.warmUpMs)
  const first = sentAt.length
  const before = processorSeconds(job)
  const own = process.cpuUsage()
  const start = performance.now()
  await pace(job.measureMs)
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(own)
  const spent = spentBetween(before, processorSeconds(job))
  const last = sentAt.length
  // Who cannot keep the rate has a queue; its length is part of the answer.
  const count = () => Math.min(...(job.far === undefined ? [heardAt] : [heardAt, farAt]).map(countOf))
  for (let waited = 0; waited < DRAIN_MS && count() < last; waited += 100) await wait(100)
  for (const line of [...listeners, ...lines]) line.close()
  const times: number[] = []
  const added: number[] = []
  for (let number = first; number < last; number += 1) {
    const heard = heardAt[number]
    if (heard === undefined) continue
    times.push(heard - (sentAt[number] ?? 0))
    const far = farAt[number]
    if (far !== undefined) added.push(far - heard)
  }
  const sent = last - first
  return {
    ...latencies(times),
    sent,
    heard: job.far === undefined ? times.length : Math.min(times.length, added.length),
    ...(job.far === undefined ? {} : { added: latencies(added) }),
    perSecond: sent / seconds,
    micros: Object.fromEntries(Object.entries(spent).map(([name, value]) => [name, (value * 1e6) / sent])),
    generatorBusy: (user + system) / 1e6 / seconds,
  }
}

/** Of an array with holes. */
const countOf = (times: readonly number[]): number => times.reduce((sum) => sum + 1, 0)
