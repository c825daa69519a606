/** A visitor as a customer's page has it: the product's own client, in a browser with two tabs that are reloaded and lose their network. */
import { setTimeout as wait } from 'node:timers/promises'
import {
  createConnection,
  createHttp,
  createOutbox,
  openSocketIo,
  openThread,
  type Connection,
  type HttpRoad,
  type Network,
  type OpenLine,
  type Outbox,
  type Thread,
} from '@dosti/client'
import { createBrowser, type Tab } from '@dosti/client/testing/tabs'
import type { StoredEvent } from '@dosti/contracts'
import { followByPoll, newSend, type Follower, type Place, type Visitor } from './people.ts'
import { hearBytes, newParty, ownerMark, type Attempt, type Party, type Send } from './recording.ts'
import { itemOf } from './views.ts'
import type { Workspace } from './world.ts'

const UNSETTLED_MAX = 20
/** How long a lost network stays lost, in milliseconds. */
const TUNNEL_MS = [200, 3000] as const
const LOOK_MS = 50

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
  /** What was said and has no outcome yet, by its text. */
  const open = new Map<string, { since: number }>()
  const parties = [0, 1].map((tab) => {
    const name = `own ${workspace.name}.${visitorId} tab ${tab}`
    const party = newParty({ name, workspaceId: workspace.id, visitorId, sees: 'numbered' })
    recording.parties.push(party)
    return party
  })

  const openPage = (party: Party): Page => {
    const tab = openTab()
    const connection = createConnection({
      gateway,
      hello: async () => ({ key: workspace.publicKey, visitorId }),
      overHttp: overHttp(place.api, workspace, party),
      network: network.seen,
      openLine: recordingLine(party, recording.attempts),
    })
    const outbox = createOutbox({
      connection,
      storage: tab.storage,
      turns: tab.turns,
      scope: workspace.publicKey,
    })
    const thread = openThread({ connection, outbox, audience: 'visitor' })
    outbox.onSettled((event) => settle(event))
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
        pages[index]?.thread.refresh()
        while (!isServed() || view()?.seq !== all) await wait(LOOK_MS)
        while (view()?.hasOlder === true) await pages[index]?.thread.loadOlder()
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
    outbox: { size: () => open.size, oldestSince: () => [...open.values()][0]?.since },
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
      open.set(text, { since: Date.now() })
      send.clientMessageId = page.outbox.send({ kind: 'message', text }).clientMessageId
    },
    drop() {
      if (random.chance(0.5)) reload(random.between(0, 1))
      else network.lose(random.between(...TUNNEL_MS))
    },
  }
}

/** What both tabs are told of their network. */
function createNetwork(): { seen: Network; lose: (ms: number) => void } {
  const listeners = new Set<Parameters<Network['watch']>[0]>()
  let isThere = true
  const tell = (what: 'online' | 'offline'): void => {
    isThere = what === 'online'
    for (const listener of listeners) listener(what)
  }
  return {
    seen: {
      online: () => isThere,
      watch(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    lose(ms) {
      tell('offline')
      setTimeout(() => tell('online'), ms)
    },
  }
}

/** The client's own line, with everything that it is told. */
function recordingLine(party: Party, attempts: Attempt[]): OpenLine {
  const hear = (told: unknown): void => hearBytes(party, JSON.stringify(told))
  return (gateway, hello, handlers, now) => {
    const line = openSocketIo(
      gateway,
      hello,
      {
        ...handlers,
        onWelcome(welcome) {
          hear(welcome)
          handlers.onWelcome(welcome)
        },
        onEvent(name, payload) {
          hear(payload)
          handlers.onEvent(name, payload)
        },
      },
      now,
    )
    return {
      ...line,
      async emit(operation, input, timeoutMs) {
        const startedAt = Date.now()
        const reply = await line.emit(operation, input, timeoutMs)
        hear(reply)
        attempts.push({
          party: party.name,
          visitorId: party.visitorId,
          operation,
          startedAt,
          tookMs: Date.now() - startedAt,
          outcome: reply.ok ? 'ok' : 'refused',
          ...(reply.ok ? {} : { code: reply.error.code }),
        })
        return reply
      },
    }
  }
}

function overHttp(api: string, { publicKey }: Workspace, party: Party): HttpRoad {
  const headers = { 'x-dosti-key': publicKey, 'x-dosti-visitor': party.visitorId }
  const http = createHttp({
    api,
    credentials: 'omit',
    headers: () => headers,
    async fetch(...asked) {
      const response = await fetch(...asked)
      const text = await response.text()
      hearBytes(party, text)
      return new Response(text, response)
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
