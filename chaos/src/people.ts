/** Visitors on the roads that customers build, each followed by a poll of its own, and an agent of each workspace who answers. */
import type { StoredEvent } from '@dosti/contracts'
import {
  askHttp,
  askTicket,
  dialExtended,
  dialPublished,
  dialRaw,
  restLine,
  type Dial,
  type Hearing,
  type Line,
} from './lines.ts'
import { createOutbox, tryOnce, type Outbox } from './outbox.ts'
import type { Random } from './random.ts'
import { stayConnected, type Reach } from './reach.ts'
import { hearBytes, newParty, ownerMark, type Party, type Recording, type Send } from './recording.ts'
import { createNumberedView, startPoller, type NumberedView } from './views.ts'
import type { Workspace } from './world.ts'

export type Road = 'extended' | 'published' | 'raw' | 'rest' | 'own'
/** `own` is the product's own client, in `own-client.ts`; the others are what customers build. */
export const ROADS: readonly Road[] = ['extended', 'published', 'raw', 'rest', 'own']

/** What people need to know of the world. */
export interface Place {
  recording: Recording
  random: Random
  /** Gateways and api as clients reach them. */
  gateways: readonly string[]
  api: string
  pollEveryMs: number
}

/** Somebody who must have everything in the end. */
export interface Follower {
  party: Party
  holds: (visitorId: string, id: string) => boolean
  /** When something was last answered to it. */
  lastOkAt: () => number
  catchUp: () => Promise<void>
  /** Ends it and leaves in its party what it holds. */
  finish: () => void | Promise<void>
}

export interface Visitor {
  workspace: Workspace
  visitorId: string
  road: Road
  /** Says the next thing, unless too much is unsettled already. */
  say: () => void
  outbox: Pick<Outbox, 'size' | 'oldestSince'>
  followers: Follower[]
  /** Loses its connection as a phone in a tunnel does. */
  drop: () => void
}

const UNSETTLED_MAX = 20
/** Of published sends, this share carries no client message id. */
const WITHOUT_ID = 0.3
/** Of settled sends, this share is sent again over REST, as a client does that forgot the answer. */
const RESENT = 0.03

/** A message that its sender is about to send. */
export function newSend(
  of: Pick<Send, 'workspaceId' | 'visitorId' | 'party' | 'text' | 'clientMessageId' | 'stream'>,
): Send {
  return { ...of, outcome: 'unknown', sentAt: Date.now(), acks: [], openAttempts: 0 }
}

/** A visitor on one road, and its poller beside it; `settled` hears of what was acknowledged. */
export function bringVisitor(
  place: Place,
  workspace: Workspace,
  { visitorId, road }: { visitorId: string; road: Exclude<Road, 'own'> },
  settled: (send: Send) => void,
): Visitor {
  const { recording, api } = place
  const random = place.random.fork(visitorId)
  const name = `${road} ${workspace.name}.${visitorId}`
  const sees = road === 'published' || road === 'rest' ? 'pushed' : 'numbered'
  const party = newParty({ name, workspaceId: workspace.id, visitorId, sees })
  recording.parties.push(party)
  const { reach, follower } = reachOf(place, workspace, party, road, random)
  const polling = followByPoll(place, workspace, visitorId, random)
  const resend = (send: Send): void => {
    settled(send)
    if (send.clientMessageId === null || !random.chance(RESENT)) return
    const again = restLine(
      api,
      { apiKey: workspace.publicKey, visitorId },
      { bytes: (text) => hearBytes(polling.party, text) },
    )
    void tryOnce((operation, input) => again.ask(operation, input), send)
  }
  const outbox = createOutbox(reach.ask, resend)
  let said = 0
  return {
    workspace,
    visitorId,
    road,
    outbox,
    followers: [...(follower ? [follower] : []), polling],
    say() {
      if (outbox.size() >= UNSETTLED_MAX) return
      said += 1
      const text = `${ownerMark(`${workspace.name}.${visitorId}`)} ${said} ${'x'.repeat(random.between(0, 80))}`
      const clientMessageId = road === 'published' && random.chance(WITHOUT_ID) ? null : `${visitorId}-${said}`
      const send = newSend({
        workspaceId: workspace.id,
        visitorId,
        party: name,
        text,
        clientMessageId,
        stream: 'public',
      })
      recording.sends.push(send)
      outbox.add(send)
    },
    drop: () => reach.drop(),
  }
}

/** Somebody who polls a visitor's thread by `lastTimestamp`, beside whoever talks in it. */
export function followByPoll(place: Place, workspace: Workspace, visitorId: string, random: Random): Follower {
  const { recording, api, pollEveryMs } = place
  const name = `poll ${workspace.name}.${visitorId}`
  const party = newParty({ name, workspaceId: workspace.id, visitorId, sees: 'polled' })
  recording.parties.push(party)
  const poller = startPoller({
    party,
    api,
    publicKey: workspace.publicKey,
    everyMs: pollEveryMs + random.between(0, 100),
    attempts: recording.attempts,
    useNextTimestamp: random.chance(0.5),
  })
  return {
    party,
    holds: (_visitorId, id) => poller.holds(id),
    lastOkAt: poller.lastOkAt,
    catchUp: poller.catchUp,
    finish: poller.close,
  }
}

function reachOf(
  place: Place,
  workspace: Workspace,
  party: Party,
  road: Exclude<Road, 'own'>,
  random: Random,
): { reach: Reach; follower: Follower | undefined } {
  const { recording, gateways, api } = place
  const { visitorId } = party
  const key = workspace.publicKey
  let view: NumberedView | undefined
  const pushed = new Set<string>()
  const hearing: Hearing = {
    bytes: (text) => hearBytes(party, text),
    event(name, data) {
      if ('seq' in data && 'stream' in data) view?.take(data as unknown as StoredEvent)
      if (name === 'receive_message' || name === 'message_sent') hearPublished(party, pushed, data)
    },
  }
  const dial = dialOf(road, { key, visitorId, api, hearing, poll: random.chance(0.5) })
  const reach = stayConnected({
    party: party.name,
    visitorId,
    dial,
    urls: random.shuffled(gateways),
    hearing,
    random,
    attempts: recording.attempts,
    onUp(line) {
      void view?.catchUp().catch(() => {})
      if (road === 'published') noteThere(party, line)
    },
  })
  if (party.sees === 'pushed') return { reach, follower: undefined }
  const whole = createNumberedView(party, visitorId, reach.ask)
  view = whole
  const follower: Follower = {
    party,
    holds: (_visitorId, id) => whole.holds(id),
    lastOkAt: reach.lastOkAt,
    catchUp: whole.catchUp,
    finish() {
      party.items = whole.items()
      reach.close()
    },
  }
  return { reach, follower }
}

function dialOf(
  road: Exclude<Road, 'own'>,
  {
    key,
    visitorId,
    api,
    hearing,
    poll,
  }: { key: string; visitorId: string; api: string; hearing: Hearing; poll: boolean },
): Dial {
  switch (road) {
    case 'extended':
      return dialExtended(async () => ({ key, visitorId }))
    case 'raw':
      return dialRaw({ key, visitorId })
    case 'published':
      return dialPublished(
        { apiKey: key, role: 'visitor', visitorId, visitorName: 'Chaos' },
        poll ? ['polling', 'websocket'] : ['websocket'],
      )
    case 'rest':
      return async () => restLine(api, { apiKey: key, visitorId }, hearing)
  }
}

function noteThere(party: Party, line: Line): void {
  const time = { from: Date.now(), until: Infinity }
  party.there.push(time)
  void line.ended.then(() => {
    time.until = Math.min(time.until, Date.now())
  })
}

/** A published client shows what it hears, as it comes; the same message twice is seen twice. */
function hearPublished(party: Party, heard: Set<string>, data: Record<string, unknown>): void {
  const item = {
    visitorId: party.visitorId,
    id: String(data['id']),
    text: String(data['message']),
    timestamp: Number(data['timestamp']),
  }
  if (heard.has(item.id)) party.repeats.push(item)
  else party.items.push(item)
  heard.add(item.id)
}

export interface Agent {
  workspace: Workspace
  follower: Follower
  /** How often each alert was heard on one connection, at most: another connection hears what still waits. */
  heardAlerts: Map<string, number>
  /** Messages whose outcome is not known yet, over all threads. */
  unsettled: () => number
  oldestSince: () => number | undefined
  drop: () => void
}

/** Of the visitors' messages, one in so many gets an answer, and one in so many a note. */
const ANSWERED = 2
const NOTED = 12

/** Signs in and answers the visitors who talk; nobody answers those who are to wait. */
export async function bringAgent(
  place: Place,
  workspace: Workspace,
  { isAnswered, settled }: { isAnswered: (visitorId: string) => boolean; settled: (send: Send) => void },
): Promise<Agent> {
  const { recording, random, gateways, api } = place
  const { id: agentId, email, password } = workspace.agent
  const name = `agent ${workspace.name}`
  const party = newParty({ name, workspaceId: workspace.id, visitorId: 'all', sees: 'numbered' })
  recording.parties.push(party)
  const bytes = (text: string): void => hearBytes(party, text)
  const { cookie } = await askHttp(`${api}/api/v1/session.start`, { email, password }, { bytes })
  const threads = new Map<string, { view: NumberedView; outbox: Outbox }>()
  const threadOf = (visitorId: string) => {
    const known = threads.get(visitorId)
    if (known) return known
    const thread = { view: createNumberedView(party, visitorId, reach.ask), outbox: createOutbox(reach.ask, settled) }
    threads.set(visitorId, thread)
    return thread
  }
  const answered = new Set<string>()
  const react = ({ name: eventName, id, visitorId, seq, actor, data }: StoredEvent): void => {
    if (eventName !== 'message.sent' || actor.kind !== 'visitor' || !isAnswered(visitorId) || answered.has(id)) return
    answered.add(id)
    const say = (stream: Send['stream'], owner: string): void => {
      const text = `${ownerMark(owner)} re ${id} ${'text' in data ? data.text.length : 0}`
      const send = newSend({
        workspaceId: workspace.id,
        visitorId,
        party: name,
        text,
        clientMessageId: `${agentId}-${stream}-${id}`,
        stream,
      })
      recording.sends.push(send)
      threadOf(visitorId).outbox.add(send)
    }
    if (seq % ANSWERED === 0) say('public', `${workspace.name}.${visitorId}`)
    if (seq % NOTED === 0) say('internal', `${workspace.name}.${visitorId}.internal`)
  }
  const heardAlerts = new Map<string, number>()
  const heardOnThis = new Map<string, number>()
  const hearing: Hearing = {
    bytes,
    event(eventName, data) {
      if (eventName === 'alert.raised') {
        const alertId = String(data['alertId'])
        const times = (heardOnThis.get(alertId) ?? 0) + 1
        heardOnThis.set(alertId, times)
        heardAlerts.set(alertId, Math.max(heardAlerts.get(alertId) ?? 0, times))
      }
      if (!('seq' in data && 'stream' in data)) return
      const event = data as unknown as StoredEvent
      threadOf(event.visitorId).view.take(event)
      react(event)
    },
  }
  const catchUp = async (): Promise<void> => {
    for (const [visitorId, { view }] of threads) if (isAnswered(visitorId)) await view.catchUp()
  }
  const reach = stayConnected({
    party: name,
    visitorId: 'all',
    dial: dialExtended(() => askTicket(api, cookie, { bytes })),
    urls: random.shuffled(gateways),
    hearing,
    random,
    attempts: recording.attempts,
    onUp() {
      heardOnThis.clear()
      void catchUp().catch(() => {})
    },
  })
  const outboxes = () => [...threads.values()].map(({ outbox }) => outbox)
  return {
    workspace,
    heardAlerts,
    follower: {
      party,
      holds: (visitorId, id) => threads.get(visitorId)?.view.holds(id) ?? false,
      lastOkAt: reach.lastOkAt,
      async catchUp() {
        // What was first heard of while the connection was away is in no view yet.
        for (const { visitorId } of recording.log.filter(({ workspaceId }) => workspaceId === workspace.id))
          threadOf(visitorId)
        for (const { view } of threads.values()) await view.catchUp()
      },
      finish() {
        party.items = [...threads.values()].flatMap(({ view }) => view.items())
        reach.close()
      },
    },
    unsettled: () => outboxes().reduce((sum, outbox) => sum + outbox.size(), 0),
    oldestSince: () =>
      outboxes()
        .map((outbox) => outbox.oldestSince())
        .filter((since) => since !== undefined)
        .sort((a, b) => a - b)[0],
    drop: () => reach.drop(),
  }
}
