/** Open loop: messages leave at a fixed rate, whatever the server does; the time counts until somebody else has them. */
import { setTimeout as wait } from 'node:timers/promises'
import { latencies, processorSeconds, spentBetween, type Watched } from './measure.ts'
import { inSteps } from './sends.ts'
import { connect, type Handshake } from './socket.ts'

export interface DeliveriesJob extends Watched {
  kind: 'deliveries'
  /** Where the visitors are. */
  server: string
  /** Where the listener is; another node, or the same. */
  listenerServer: string
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
  heard: number
  /** The rate that was really sent. */
  perSecond: number
  micros: Record<string, number>
  generatorBusy: number
}

export async function runDeliveries(job: DeliveriesJob): Promise<DeliveriesResult> {
  const sentAt: number[] = []
  const heardAt: number[] = []
  const mark = `["${job.heardAs}"`
  const event = (packet: string): void => {
    if (!packet.startsWith(mark)) return
    const number = /#(\d+)#/.exec(packet)?.[1]
    if (number !== undefined) heardAt[Number(number)] ??= performance.now()
  }
  const listener = await connect(job.listenerServer, job.listener, { event })
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
  await wait(500)
  for (const line of [listener, ...lines]) line.close()
  const times: number[] = []
  for (let number = first; number < last; number += 1) {
    const heard = heardAt[number]
    if (heard !== undefined) times.push(heard - (sentAt[number] ?? 0))
  }
  const sent = last - first
  return {
    ...latencies(times),
    sent,
    heard: times.length,
    perSecond: sent / seconds,
    micros: Object.fromEntries(Object.entries(spent).map(([name, value]) => [name, (value * 1e6) / sent])),
    generatorBusy: (user + system) / 1e6 / seconds,
  }
}
