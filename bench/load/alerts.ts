/** First messages of new visitors at a fixed rate, each of which must ring: from the acknowledgement to the alert at the agent. */
import { setTimeout as wait } from 'node:timers/promises'
import { latencies } from './measure.ts'
import { inSteps } from './sends.ts'
import { connect, type Handshake } from './socket.ts'

export interface AlertsJob {
  kind: 'alerts'
  server: string
  /** Each writes once; nobody may have heard of them before. */
  visitors: (Handshake & { visitorId: string })[]
  listener: Handshake
  perSecond: number
}

export interface AlertsResult {
  p50: number
  p90: number
  p99: number
  acknowledged: number
  rang: number
}

export async function runAlerts(job: AlertsJob): Promise<AlertsResult> {
  const acknowledgedAt = new Map<string, number>()
  const rangAt = new Map<string, number>()
  const event = (packet: string): void => {
    if (!packet.startsWith('["alert.raised"')) return
    const visitorId = /"visitorId":"([^"]+)"/.exec(packet)?.[1] ?? ''
    if (!rangAt.has(visitorId)) rangAt.set(visitorId, performance.now())
  }
  const listener = await connect(job.server, job.listener, { event })
  const lines = await inSteps(job.visitors, 50, async (visitor) => ({
    visitorId: visitor.visitorId,
    line: await connect(job.server, visitor),
  }))
  for (const { visitorId, line } of lines) {
    line.request('send_message', '{"type":"saas","message":"Is anybody there?"}', (reply) => {
      if (reply.includes('"success":true')) acknowledgedAt.set(visitorId, performance.now())
    })
    await wait(1000 / job.perSecond)
  }
  for (let waited = 0; waited < 10_000 && rangAt.size < lines.length; waited += 50) await wait(50)
  for (const { line } of lines) line.close()
  listener.close()
  // An alert may overtake the acknowledgement by a hair; that counts as no time at all.
  const times = [...rangAt].map(([visitorId, at]) => Math.max(0, at - (acknowledgedAt.get(visitorId) ?? at)))
  return { ...latencies(times), acknowledged: acknowledgedAt.size, rang: rangAt.size }
}
