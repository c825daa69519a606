/** T25, T28, T29: so many at once that load itself is the fault. */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { someGateway, type Fault } from './fault.ts'
import { askHttp, dialRaw, type Hearing } from './lines.ts'
import { testCursor } from './strict-cursor.ts'

const QUIET: Hearing = { bytes: () => {}, event: () => {} }

const stampede: Fault = {
  id: 'T25',
  title: 'thousands of connections in one moment',
  once: true,
  async inject(stage) {
    const { world } = stage
    const { service } = someGateway(stage)
    const count = stage.size === 'short' ? 500 : 10_000
    const url = `${service.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`
    const from = Date.now()
    const sockets = Array.from(
      { length: count },
      () => new WebSocket(url, { handshakeTimeout: 40_000, perMessageDeflate: false }),
    )
    const joined = await Promise.all(
      sockets.map((socket, index) =>
        join(socket, `40${JSON.stringify({ apiKey: world.workspaces[0].publicKey, visitorId: `crowd${index}` })}`),
      ),
    )
    const tookMs = Date.now() - from
    const share = joined.filter(Boolean).length / count
    for (const socket of sockets) socket.terminate()
    await wait(1000)
    stage.expect(
      '999 of 1000 are in within 30 s',
      share >= 0.999 && tookMs <= 30_000,
      `${share * 100} % of ${count} in ${tookMs} ms`,
    )
  },
}

async function join(socket: WebSocket, connect: string): Promise<boolean> {
  const done = Promise.withResolvers<boolean>()
  socket.on('error', () => done.resolve(false)).on('close', () => done.resolve(false))
  socket.on('message', (data: Buffer) => {
    const text = data.toString()
    if (text.startsWith('0')) socket.send(connect)
    else if (text.startsWith('40')) done.resolve(true)
    else if (text.startsWith('44')) done.resolve(false)
  })
  return await Promise.race([done.promise, wait(40_000, false, { ref: false })])
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
        const reply = await visitor.ask('message.send', { text, clientMessageId: `talk-${sent}` })
        if (!reply.ok) await wait(reply.error.retryAfterMs ?? 100)
      }
    }
    await Promise.all(Array.from({ length: 8 }, lane))
    await wait(1000)
    clearInterval(watch)
    const grownMb = Math.round((most - before) / 1e6)
    for (const socket of deaf) socket.resume()
    await wait(1000)
    const cut = deaf.filter(({ readyState }) => readyState === WebSocket.CLOSED).length
    for (const socket of deaf) socket.terminate()
    visitor.close()
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
  const { body } = await askHttp(`${api}/api/v1/ticket.create`, {}, QUIET, { cookie })
  const socket = new WebSocket(`${gateway.replace('http', 'ws')}/ws`, { perMessageDeflate: false })
  socket.on('error', () => {})
  await once(socket, 'open')
  socket.send(
    JSON.stringify({ id: 1, op: 'hello', input: { protocol: 1, ticket: (body['data'] as { ticket: string }).ticket } }),
  )
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
