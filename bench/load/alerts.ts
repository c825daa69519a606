/** First messages of new visitors at a fixed rate, each of which must ring: from the send to the alert on the agent's screen. */
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
  const sentAt = new Map<string, number>()
  let acknowledged = 0
  const rangAt = new Map<string, number>()
  const event = (packet: string): void => {
    if (!packet.startsWith('["alert.raised"')) return
    const visitorId = /"visitorId":"([^"]+)"/.exec(packet)?.[1] ?? ''
    // Others ring a second time after thirty seconds; only the first ring of one of ours counts.
    if (sentAt.has(visitorId) && !rangAt.has(visitorId)) rangAt.set(visitorId, performance.now())
  }
  const listener = await connect(job.server, job.listener, { event })
  const lines = await inSteps(job.visitors, 50, async (visitor) => ({
    visitorId: visitor.visitorId,
    line: await connect(job.server, visitor),
  }))
  for (const { visitorId, line } of lines) {
    sentAt.set(visitorId, performance.now())
    line.request('send_message', '{"type":"saas","message":"Is anybody there?"}', (reply) => {
      if (reply.includes('"success":true')) acknowledged += 1
    })
    await wait(1000 / job.perSecond)
  }
  for (let waited = 0; waited < 10_000 && rangAt.size < lines.length; waited += 50) await wait(50)
  for (const { line } of lines) line.close()
  listener.close()
  const times = [...rangAt].map(([visitorId, at]) => at - (sentAt.get(visitorId) ?? Number.NaN))
  return { ...latencies(times), acknowledged, rang: rangAt.size }
}
