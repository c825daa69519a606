/** Everybody who uses the product during a run, and whether they have what they are owed. */
import { setTimeout as wait } from 'node:timers/promises'
import { bringAgent, bringVisitor, newSend, ROADS, type Agent, type Place, type Visitor } from './people.ts'
import { restLine } from './lines.ts'
import { bringOwnClient } from './own-client.ts'
import { createOutbox } from './outbox.ts'
import type { Random } from './random.ts'
import { emptyRecording, ownerMark, type Recording, type Send } from './recording.ts'
import type { World } from './world.ts'

export interface CrowdOptions {
  /** Visitors, spread over the roads; a quarter of them belongs to the second workspace. */
  visitors: number
  /** Messages a second, all visitors together, answers not counted. */
  rate: number
  pollEveryMs: number
  pushedWithinMs: number
}

export interface Crowd {
  recording: Recording
  visitors: Visitor[]
  agents: Agent[]
  /** New visitors who each write one message and whom nobody answers; resolves once all are acknowledged. */
  bringWaiting: (count: number) => Promise<string[]>
  /** Acknowledged so far. */
  acked: () => number
  /**
   * Waits until all that was acknowledged by now is held by everybody and everybody is served again; the time it took. In silence
   * nobody says anything meanwhile, so that no later number shows anybody what was missed.
   */
  recover: (patienceMs: number, silence?: boolean) => Promise<number | undefined>
  /** Stops talking and waits until every outcome is known. */
  settle: (patienceMs: number) => Promise<void>
  /** Everybody asks for all there is, a last time, and goes. */
  finish: (patienceMs: number) => Promise<void>
  /** Who has something unsettled, for a run that hangs. */
  laggards: () => string[]
}

const LOOK_MS = 25

/** Connects everybody and lets them talk. */
export async function bringCrowd(world: World, random: Random, options: CrowdOptions): Promise<Crowd> {
  const recording = emptyRecording(options.pushedWithinMs)
  const at = (port: number) => `http://127.0.0.1:${port}`
  const place: Place = {
    recording,
    random,
    gateways: world.gateways.map(({ edge }) => at(edge.port)),
    api: at(world.api.edge.port),
    pollEveryMs: options.pollEveryMs,
  }
  const lastAcked = new Map<string, { send: Send; id: string }>()
  let ackedCount = 0
  const settled = (send: Send): void => {
    ackedCount += 1
    const ack = send.acks[0]
    if (ack && send.stream === 'public') lastAcked.set(`${send.workspaceId} ${send.visitorId}`, { send, id: ack.id })
  }
  const waitingIds = new Set<string>()
  // Nobody answers the others: who waits, and who is only there for a single fault.
  const talkers = new Set<string>()
  const agents: Agent[] = []
  for (const workspace of world.workspaces)
    agents.push(await bringAgent(place, workspace, { isAnswered: (visitorId) => talkers.has(visitorId), settled }))
  const visitors = Array.from({ length: options.visitors }, (_, index) => {
    const workspace = world.workspaces[index % 8 >= 6 ? 1 : 0]
    const road = ROADS[index % ROADS.length] ?? 'rest'
    talkers.add(`v${index}`)
    const visitorId = `v${index}`
    if (road === 'own') return bringOwnClient(place, workspace, visitorId, settled)
    return bringVisitor(place, workspace, { visitorId, road }, settled)
  })
  const followers = () => [
    ...visitors.flatMap((visitor) => visitor.followers),
    ...agents.map(({ follower }) => follower),
  ]

  let [talking, silent] = [true, false]
  const talk = async (): Promise<void> => {
    const order = random.fork('talk')
    while (talking) {
      if (!silent) order.pick(visitors).say()
      await wait(1000 / options.rate)
    }
  }
  void talk()

  const laggards = (): string[] => [
    ...visitors
      .filter(({ outbox }) => outbox.size() > 0)
      .map(({ visitorId, road, outbox }) => `${road} ${visitorId}: ${outbox.size()}`),
    ...agents
      .filter((agent) => agent.unsettled() > 0)
      .map((agent) => `agent ${agent.workspace.name}: ${agent.unsettled()}`),
  ]
  const hasRecovered = (since: number, owed: { send: Send; id: string }[]): boolean =>
    [...visitors.map(({ outbox }) => outbox.oldestSince()), ...agents.map((agent) => agent.oldestSince())].every(
      (oldest) => oldest === undefined || oldest >= since,
    ) &&
    followers().every(
      ({ party, holds, lastOkAt }) =>
        (party.visitorId === 'all' ||
          lastOkAt() >= since ||
          party.name.startsWith('extended') ||
          party.name.startsWith('raw')) &&
        owed.every(
          ({ send, id }) =>
            send.workspaceId !== party.workspaceId ||
            (party.visitorId !== 'all' && party.visitorId !== send.visitorId) ||
            waitingIds.has(send.visitorId) ||
            holds(send.visitorId, id),
        ),
    )

  return {
    recording,
    visitors,
    agents,
    laggards,
    acked: () => ackedCount,
    async bringWaiting(count) {
      const [workspace] = world.workspaces
      const start = waitingIds.size
      const ids = Array.from({ length: count }, (_, index) => `waiting${start + index}`)
      await Promise.all(
        ids.map(async (visitorId) => {
          waitingIds.add(visitorId)
          recording.waiting.push({ workspaceId: workspace.id, visitorId })
          const send = newSend({
            workspaceId: workspace.id,
            visitorId,
            party: `waiting ${visitorId}`,
            text: `${ownerMark(`${workspace.name}.${visitorId}`)} is anybody there?`,
            clientMessageId: `${visitorId}-1`,
            stream: 'public',
          })
          recording.sends.push(send)
          const line = restLine(place.api, { apiKey: workspace.publicKey, visitorId }, { bytes: () => {} })
          const done = Promise.withResolvers<void>()
          createOutbox(line.ask, (settledOne) => {
            settled(settledOne)
            done.resolve()
          }).add(send)
          await done.promise
        }),
      )
      return ids
    },
    async recover(patienceMs, silence = false) {
      const since = Date.now()
      silent = silence
      const owed = [...lastAcked.values()]
      try {
        while (!hasRecovered(since, owed)) {
          if (Date.now() - since > patienceMs) return undefined
          await wait(LOOK_MS)
        }
        return Date.now() - since
      } finally {
        silent = false
      }
    },
    async settle(patienceMs) {
      talking = false
      const end = Date.now() + patienceMs
      // An answer may follow what was just delivered, so it has to stay quiet for a moment.
      for (let quietSince = Date.now(); Date.now() - quietSince < 1500; await wait(LOOK_MS)) {
        if (laggards().length > 0) quietSince = Date.now()
        if (Date.now() > end) return
      }
    },
    async finish(patienceMs) {
      const end = Date.now()
      for (const { there } of recording.parties) for (const time of there) time.until = Math.min(time.until, end)
      const outcomes = await Promise.all(
        followers().map(async ({ party, catchUp }) => ((await inTime(catchUp, patienceMs)) ? [] : [party.name])),
      )
      const failed = outcomes.flat()
      await Promise.all(followers().map(async ({ finish }) => finish()))
      for (const party of failed)
        recording.misbehaviours.push({ service: 'the product', what: `${party} could not catch up in the end` })
    },
  }
}

/** Tries again and again until it comes about or the time is over. */
async function inTime(work: () => Promise<void>, patienceMs: number): Promise<boolean> {
  const end = Date.now() + patienceMs
  while (Date.now() < end) {
    const done = work().then(
      () => true,
      () => false,
    )
    if (await Promise.race([done, wait(end - Date.now(), false)])) return true
    await wait(LOOK_MS * 10)
  }
  return false
}
