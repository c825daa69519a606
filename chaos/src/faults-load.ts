/** T25, T28, T29: so many at once that load itself is the fault. */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '@dosti/tooling'
import { WebSocket } from 'ws'
import { someGateway, type Fault, type Stage } from './fault.ts'
import { askHttp, askTicket, dialExtended, dialRaw, QUIET } from './lines.ts'
import { defineService } from './processes.ts'
import { newParty } from './recording.ts'
import { testCursor } from './strict-cursor.ts'
import { createNumberedView } from './views.ts'

/** Who is not in by then never will be. */
const GIVE_UP_MS = 40_000

const stampede: Fault = {
  id: 'T25',
  title: 'thousands of connections in one moment',
  once: true,
  async inject(stage) {
    const count = stage.size === 'short' ? 500 : 10_000
    await allAtOnce(stage, count)
    await floodFromOneAddress(stage, count)
  },
}

async function allAtOnce(stage: Stage, count: number): Promise<void> {
  const from = Date.now()
  const crowd = await connectCrowd(stage, someGateway(stage).service.url, { count })
  const tookMs = Date.now() - from
  const share = crowd.ends.filter((end) => end === 'joined').length / count
  await crowd.leave()
  stage.expect(
    '999 of 1000 are in within 30 s',
    share >= 0.999 && tookMs <= 30_000,
    `${share * 100} % of ${count} in ${tookMs} ms`,
  )
}

/** Ten times what one address may hold, at a gateway whose limits hold, while agents come from elsewhere. */
async function floodFromOneAddress(stage: Stage, count: number): Promise<void> {
  const { world, expect } = stage
  const limit = count / 10
  const env = world.env({ toPostgres: world.postgres.port, toRedis: world.redis.port })
  const gateway = defineService({
    name: 'flooded',
    entry: 'apps/gateway/src/main.ts',
    port: await freePort(),
    env: { ...env, LIMITS: 'on', CONNECTIONS_PER_ADDRESS: String(limit), NODE_NAME: 'flooded' },
    running: world.running,
    misbehaved: (what) => world.misbehaviours.push(what),
  })
  await gateway.start()
  try {
    const flood = connectCrowd(stage, gateway.url, { count, localAddress: '127.0.0.2' })
    const agents = await Promise.all(Array.from({ length: 5 }, () => comeAsAgent(stage, gateway.url)))
    const { ends, leave } = await flood
    const [joined, refused] = ['joined', '429'].map((which) => ends.filter((end) => end === which).length)
    await leave()
    expect(
      'one address gets what it may hold, and 429 for the rest',
      joined === limit && refused === count - limit,
      `${joined} of ${count} in, ${refused} refused; ${limit} may`,
    )
    expect('agents from elsewhere are served meanwhile', agents.every(Boolean), `${agents.filter(Boolean).length} of 5`)
  } finally {
    await gateway.kill()
  }
}

/** An agent signs in, connects and asks for the list. */
async function comeAsAgent({ world }: Stage, url: string): Promise<boolean> {
  const api = world.api.service.url
  const { email, password } = world.workspaces[0].agent
  const { cookie } = await askUntilServed(() => askHttp(`${api}/api/v1/session.start`, { email, password }, QUIET))
  const line = await dialExtended(async () => {
    const { body } = await askUntilServed(() => askHttp(`${api}/api/v1/ticket.create`, {}, QUIET, { cookie }))
    return { ticket: (body['data'] as { ticket: string }).ticket }
  })(url, QUIET)
  const { ok } = await line.ask('conversation.list', { status: 'open' })
  line.close()
  return ok
}

/** Asks again after the time that a refusal names, for ten seconds at most: both ends of the crowd share the machine with the api. */
async function askUntilServed(ask: () => ReturnType<typeof askHttp>): ReturnType<typeof askHttp> {
  const until = Date.now() + 10_000
  for (;;) {
    const answer = await ask()
    if (answer.status < 400) return answer
    const { code, retryAfterMs } = answer.body['error'] as { code: string; retryAfterMs?: number }
    if (retryAfterMs === undefined || Date.now() > until) throw new Error(`refused with ${code}`)
    await wait(retryAfterMs)
  }
}

interface Crowd {
  /** How each connection ended: `joined`, the status of a refusal, or `lost`. */
  ends: string[]
  leave: () => Promise<void>
}

async function connectCrowd(
  { world, random }: Stage,
  url: string,
  // To bind an address makes the kernel look for a port that nobody uses for anything, which takes long with thousands in use.
  { count, localAddress }: { count: number; localAddress?: string },
): Promise<Crowd> {
  const address = `${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`
  const { publicKey } = world.workspaces[0]
  const until = Date.now() + GIVE_UP_MS
  const from = localAddress === undefined ? {} : { localAddress }
  const sockets = new Map<number, WebSocket>()
  // As a stock client does, one whose line fails dials again; a refusal is final.
  const come = async (index: number): Promise<string> => {
    for (;;) {
      const socket = new WebSocket(address, { handshakeTimeout: GIVE_UP_MS, perMessageDeflate: false, ...from })
      sockets.set(index, socket)
      const end = await join(socket, `40${JSON.stringify({ apiKey: publicKey, visitorId: `crowd${index}` })}`)
      if (end !== 'lost' || Date.now() > until) return end
      await wait(random.between(500, 1500))
    }
  }
  const coming: Promise<string>[] = []
  for (let index = 0; index < count; index += 1) {
    coming.push(come(index))
    // This process must go on hearing what the first are answered.
    if (index % 250 === 0) await wait(1)
  }
  const ends = await Promise.all(coming)
  return {
    ends,
    async leave() {
      for (const socket of sockets.values()) socket.terminate()
      await wait(1000)
    },
  }
}

async function join(socket: WebSocket, connect: string): Promise<string> {
  const done = Promise.withResolvers<string>()
  const lost = (): void => done.resolve('lost')
  socket.on('error', lost).on('close', lost)
  socket.on('unexpected-response', (_request, { statusCode }) => done.resolve(String(statusCode)))
  socket.on('message', (data: Buffer) => {
    const text = data.toString()
    if (text.startsWith('0')) socket.send(connect)
    else if (text.startsWith('40')) done.resolve('joined')
    else if (text.startsWith('44')) done.resolve(text)
  })
  return await Promise.race([done.promise, wait(GIVE_UP_MS, 'late', { ref: false })])
}

const deafAgents: Fault = {
  id: 'T28',
  title: 'agents who stop reading while messages flow',
  once: true,
  async inject(stage) {
    const { world } = stage
    const { service } = someGateway(stage)
    const [agents, messages] = stage.size === 'short' ? [10, 400] : [50, 10_000]
    const [workspace] = world.workspaces
    const api = world.api.service.url
    const { email, password } = workspace.agent
    const { cookie } = await askHttp(`${api}/api/v1/session.start`, { email, password }, QUIET)
    const deaf = await Promise.all(Array.from({ length: agents }, () => deafAgent(api, service.url, cookie)))
    const before = service.memory()
    let most = before
    const watch = setInterval(() => {
      most = Math.max(most, service.memory())
    }, 50)
    const visitor = await dialRaw({ key: workspace.publicKey, visitorId: 'talker' })(service.url, QUIET)
    const text = 'y'.repeat(4800)
    let sent = 0
    const lane = async (): Promise<void> => {
      while (sent < messages) {
        sent += 1
        const clientMessageId = `talk-${sent}`
        for (;;) {
          const reply = await visitor.ask('message.send', { text, clientMessageId })
          if (reply.ok) break
          await wait(reply.error.retryAfterMs ?? 100)
        }
      }
    }
    await Promise.all(Array.from({ length: 8 }, lane))
    await wait(1000)
    clearInterval(watch)
    const grownMb = Math.round((most - before) / 1e6)
    // What the kernel holds for each is read first, and it is megabytes; who was not cut stays open.
    const closed = deaf.map((socket) => once(socket, 'close'))
    for (const socket of deaf) socket.resume()
    await Promise.race([Promise.all(closed), wait(20_000, undefined, { ref: false })])
    const cut = deaf.filter(({ readyState }) => readyState === WebSocket.CLOSED).length
    for (const socket of deaf) socket.terminate()
    visitor.close()
    const back = await dialExtended(() => askTicket(api, cookie, QUIET))(service.url, QUIET)
    const party = newParty({ name: 'deaf', workspaceId: workspace.id, visitorId: 'all', sees: 'numbered' })
    const view = createNumberedView(party, 'talker', back.ask)
    await view.catchUp()
    back.close()
    const caughtUp = view.items().filter((item) => item.text === text).length
    stage.expect(
      'who comes back gets everything',
      view.isWhole() && caughtUp === messages,
      `${caughtUp} of ${messages}`,
    )
    // The kernel takes some megabytes for each before the process feels it; a short run may not fill that.
    const poured = (messages * text.length) / 1e6
    stage.expect(
      'who does not read costs a megabyte, not the whole stream',
      grownMb < agents + 150,
      `${grownMb} MB more for ${agents} agents and ${Math.round(poured)} MB each`,
    )
    if (stage.size === 'full') stage.expect('F2 they are cut', cut === agents, `${cut} of ${agents} cut`)
  },
}

async function deafAgent(api: string, gateway: string, cookie: string): Promise<WebSocket> {
  const { ticket } = await askTicket(api, cookie, QUIET)
  const socket = new WebSocket(`${gateway.replace('http', 'ws')}/ws`, { perMessageDeflate: false })
  socket.on('error', () => {})
  await once(socket, 'open')
  socket.send(JSON.stringify({ id: 1, op: 'hello', input: { protocol: 1, ticket } }))
  await once(socket, 'message')
  socket.pause()
  return socket
}

const strictCursor: Fault = {
  id: 'T29',
  title: 'sixteen writers and one poller by lastTimestamp',
  once: true,
  async inject(stage) {
    const messages = stage.size === 'short' ? 2000 : 100_000
    const { acked, polled, missed, doubled, outOfOrder, tookMs } = await testCursor(stage.world, stage.random, {
      writers: 16,
      messages,
      inFlight: 4,
      pollEveryMs: 20,
    })
    const seen = `${acked} acknowledged, ${polled} polled, ${missed.length} missed, ${doubled.length} doubled, ${outOfOrder.length} out of order, ${tookMs} ms`
    stage.expect(
      'the cursor misses and doubles nothing',
      acked === messages && polled === messages && missed.length + doubled.length + outOfOrder.length === 0,
      seen,
    )
  },
}

export const loadFaults: readonly Fault[] = [stampede, deafAgents, strictCursor]
