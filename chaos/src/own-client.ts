/** A visitor on the product's own client: a browser with two tabs, which are reloaded and lose their network. */
import { setTimeout as wait } from 'node:timers/promises'
import {
  createConnection,
  createHttp,
  createOutbox,
  openSocketIo,
  openThread,
  unreachable,
  type Connection,
  type HttpRoad,
  type Network,
  type OpenLine,
  type Outbox,
  type PendingMessage,
  type Thread,
} from '@dosti/client'
import { createBrowser, type Tab } from '@dosti/client/testing/tabs'
import type { Reply, StoredEvent } from '@dosti/contracts'
import { followByPoll, newSend, type Follower, type Place, type Visitor } from './people.ts'
import { hearBytes, newParty, ownerMark, type Attempt, type Party, type Send } from './recording.ts'
import { itemOf } from './views.ts'
import type { Workspace } from './world.ts'

const UNSETTLED_MAX = 20
/** How long a lost network stays lost, in milliseconds. */
const TUNNEL_MS = [200, 3000] as const
const LOOK_MS = 50
/** Who is not whole by then is asked again. */
const CATCH_UP_MS = 5000

/** What one tab has open. */
interface Page {
  tab: Tab
  connection: Connection
  outbox: Outbox
  thread: Thread
}

/** Two tabs of one browser on one thread; `settled` hears of each message that was acknowledged. */
export function bringOwnClient(
  place: Place,
  workspace: Workspace,
  visitorId: string,
  settled: (send: Send) => void,
): Visitor {
  const { recording } = place
  const random = place.random.fork(`own ${visitorId}`)
  const gateway = random.pick(place.gateways)
  const network = createNetwork()
  const openTab = createBrowser()
  const sends = new Map<string, Send>()
  /** When what has no outcome yet was said, by its text. */
  const open = new Map<string, number>()
  const parties = [0, 1].map((tab) => {
    const name = `own ${workspace.name}.${visitorId} tab ${tab}`
    const party = newParty({ name, workspaceId: workspace.id, visitorId, sees: 'numbered' })
    recording.parties.push(party)
    return party
  })

  const openPage = (party: Party): Page => {
    const note: Note = (operation, startedAt, reply) => {
      const told = reply === undefined ? { outcome: 'lost' as const } : outcomeOf(reply)
      const { name, visitorId: whose } = party
      const tookMs = Date.now() - startedAt
      recording.attempts.push({ party: name, visitorId: whose, operation, startedAt, tookMs, ...told })
    }
    const tab = openTab()
    const connection = createConnection({
      gateway,
      hello: async () => ({ key: workspace.publicKey, visitorId }),
      overHttp: overHttp(place.api, workspace, party, network, note),
      network: network.seen,
      openLine: lineIn(party, network, note),
    })
    const outbox = createOutbox({
      connection,
      storage: tab.storage,
      turns: tab.turns,
      scope: workspace.publicKey,
    })
    const thread = openThread({ connection, outbox, audience: 'visitor' })
    outbox.onSettled((event) => settle(event))
    outbox.pending.subscribe(() => fail(outbox.pending.get()))
    connection.connect()
    return { tab, connection, outbox, thread }
  }
  const settle = ({ id, timestamp, data }: StoredEvent): void => {
    const send = 'text' in data ? sends.get(data.text) : undefined
    if (send === undefined) return
    // Both tabs hear of it.
    send.acks.push({ id, timestamp, at: Date.now() })
    send.outcome = 'ok'
    if (open.delete(send.text)) settled(send)
  }
  const fail = (pending: readonly PendingMessage[]): void => {
    for (const { state, text, error } of pending) {
      const send = sends.get(text)
      if (state !== 'failed' || send === undefined || !open.delete(text)) continue
      send.outcome = 'fail'
      send.code = error?.code ?? 'none'
    }
  }
  const pages = parties.map(openPage)
  const reload = (index: number): void => {
    const [page, party] = [pages[index], parties[index]]
    if (page === undefined || party === undefined) return
    page.tab.close()
    for (const part of [page.thread, page.outbox, page.connection]) part.close()
    pages[index] = openPage(party)
  }
  const follower = (party: Party, index: number): Follower => {
    const view = () => pages[index]?.thread.view.get()
    const isServed = (): boolean => pages[index]?.connection.status.get().kind === 'online' && view()?.gap === false
    return {
      party,
      holds: (_visitorId, id) => view()?.events.some((event) => event.id === id) ?? false,
      lastOkAt: () => (isServed() ? Date.now() : 0),
      async catchUp() {
        const all = recording.log.filter(
          (event) => event.workspaceId === workspace.id && event.visitorId === visitorId && event.stream === 'public',
        ).length
        const end = Date.now() + CATCH_UP_MS
        const waitFor = async (): Promise<void> => {
          if (Date.now() > end) throw new Error('not whole yet')
          await wait(LOOK_MS)
        }
        pages[index]?.thread.refresh()
        while (!isServed() || view()?.seq !== all) await waitFor()
        while (view()?.hasOlder === true) {
          await pages[index]?.thread.loadOlder()
          if (view()?.loadingOlder === true || view()?.hasOlder === true) await waitFor()
        }
      },
      finish() {
        party.items = (view()?.events ?? []).map(itemOf)
        const { thread, outbox, connection } = pages[index] ?? {}
        for (const part of [thread, outbox, connection]) part?.close()
      },
    }
  }
  let said = 0
  return {
    workspace,
    visitorId,
    road: 'own',
    outbox: { size: () => open.size, oldestSince: () => [...open.values()][0] },
    followers: [...parties.map(follower), followByPoll(place, workspace, visitorId, random)],
    say() {
      if (open.size >= UNSETTLED_MAX) return
      const index = random.between(0, 1)
      const [page, party] = [pages[index], parties[index]]
      if (page === undefined || party === undefined) return
      said += 1
      const text = `${ownerMark(`${workspace.name}.${visitorId}`)} ${said} ${'x'.repeat(random.between(0, 80))}`
      const send = newSend({
        workspaceId: workspace.id,
        visitorId,
        party: party.name,
        text,
        clientMessageId: null,
        stream: 'public',
      })
      recording.sends.push(send)
      sends.set(text, send)
      open.set(text, Date.now())
      send.clientMessageId = page.outbox.send({ kind: 'message', text }).clientMessageId
    },
    drop() {
      if (random.chance(0.5)) reload(random.between(0, 1))
      else network.lose(random.between(...TUNNEL_MS), random.chance(0.5))
    },
  }
}

/** The network of one browser, which goes away and comes back. */
interface LossyNetwork {
  /** What the browser tells its tabs of it. */
  seen: Network
  isThere: () => boolean
  /** Resolves once the network is there. */
  back: () => Promise<void>
  /** Nothing comes or goes for so long; the tabs may be told. */
  lose: (ms: number, told: boolean) => void
}

function createNetwork(): LossyNetwork {
  const listeners = new Set<Parameters<Network['watch']>[0]>()
  let [isThere, isSeen] = [true, true]
  let back = Promise.resolve()
  const tell = (what: 'online' | 'offline'): void => {
    isSeen = what === 'online'
    for (const listener of listeners) listener(what)
  }
  return {
    isThere: () => isThere,
    back: () => back,
    seen: {
      online: () => isSeen,
      watch(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    lose(ms, told) {
      if (!isThere) return
      isThere = false
      back = wait(ms).then(() => {
        isThere = true
        if (told) tell('online')
      })
      if (told) tell('offline')
    },
  }
}

type Note = (operation: string, startedAt: number, reply: Reply<unknown> | undefined) => void

const outcomeOf = (reply: Reply<unknown>): Pick<Attempt, 'outcome' | 'code'> =>
  reply.ok ? { outcome: 'ok' } : { outcome: 'refused', code: reply.error.code }

/** The client's own line in such a network: it stands still while that is gone, and none is opened. Everything told is recorded. */
function lineIn(party: Party, network: LossyNetwork, note: Note): OpenLine {
  const hear = (told: unknown): void => hearBytes(party, JSON.stringify(told))
  return (gateway, hello, handlers, options) => {
    if (!network.isThere()) {
      const failing = setTimeout(() => handlers.onEnd(unreachable()), LOOK_MS)
      return { emit: () => Promise.reject(unreachable()), heardAt: () => 0, close: () => clearTimeout(failing) }
    }
    const heard = (told: unknown, handle: () => void): void => {
      hear(told)
      void network.back().then(handle)
    }
    const line = openSocketIo(
      gateway,
      hello,
      {
        ...handlers,
        onWelcome: (welcome) => heard(welcome, () => handlers.onWelcome(welcome)),
        onEvent: (name, payload) => heard(payload, () => handlers.onEvent(name, payload)),
      },
      options,
    )
    return {
      ...line,
      async emit(operation, input, timeoutMs) {
        await network.back()
        const startedAt = Date.now()
        try {
          const reply = await line.emit(operation, input, timeoutMs)
          hear(reply)
          note(operation, startedAt, reply)
          await network.back()
          return reply
        } catch (error) {
          note(operation, startedAt, undefined)
          throw error
        }
      },
    }
  }
}

function overHttp(api: string, { publicKey }: Workspace, party: Party, network: LossyNetwork, note: Note): HttpRoad {
  const headers = { 'x-dosti-key': publicKey, 'x-dosti-visitor': party.visitorId }
  const http = createHttp({
    api,
    credentials: 'omit',
    headers: () => headers,
    async fetch(url, request) {
      if (!network.isThere()) throw new TypeError('no network')
      const { pathname } = new URL(url instanceof Request ? url.url : url)
      const operation = pathname.slice('/api/v1/'.length)
      const startedAt = Date.now()
      try {
        const response = await fetch(url, request)
        const text = await response.text()
        hearBytes(party, text)
        note(operation, startedAt, JSON.parse(text) as Reply<unknown>)
        return new Response(text, response)
      } catch (error) {
        note(operation, startedAt, undefined)
        throw error
      }
    },
  })
  return {
    ...http,
    async welcome() {
      await http.request('conversation.sync', { limit: 1 })
      return { protocol: 1, visitorId: party.visitorId, now: Date.now() }
    },
  }
}
