/** D9: a service that is told to end answers what it has taken, and waits for nobody who says nothing. */
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { startService, type RunningService } from '@dosti/testkit'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { post } from './support/people.ts'
import { startWorld } from './support/world.ts'

/** A request over a line that is kept, as a busy back end has one; its status and its headers. */
function send(agent: Agent, url: string, body: unknown): Promise<{ status: number; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, connection: answer.headers.connection }))
    })
    asked.once('error', reject)
    asked.end(JSON.stringify(body))
  })
}

/** A peer that says these words and then neither reads nor writes. */
async function dial(port: number, ...words: (string | Buffer)[]): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  for (const word of words) {
    socket.write(word)
    await wait(200)
  }
}

function upgrade(path: string): string {
  const headers = ['Host: dosti', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13']
  return [`GET ${path} HTTP/1.1`, ...headers, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', '\r\n'].join('\r\n')
}

/** A short text as a client sends it, masked with zeros (RFC 6455, 5.2). */
function textFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)])
}

function startApi(env: Record<string, string>): Promise<RunningService> {
  return startService('apps/api/src/main.ts', env)
}

it('D9 SIGTERM: sends under way and a poll that is held are answered, then it ends', async () => {
  const world = await startWorld({ gateways: 0, env: { LIMITS: 'off' } })
  const key = { apiKey: world.acme.publicKey }
  const api = await startApi(world.env)
  await post(`${api.url}/api/chat/send`, { ...key, visitorId: 'locked', message: 'first' })
  const agent = new Agent({ keepAlive: true })
  const lock = new pg.Client(world.databaseUrl)
  await lock.connect()
  await lock.query(`BEGIN; SELECT FROM visitor WHERE visitor_id = 'locked' FOR UPDATE`)
  const sending = send(agent, `${api.url}/api/chat/send`, { ...key, visitorId: 'locked', message: 'second' })
  const polling = send(agent, `${api.url}/api/chat/poll`, { ...key, visitorId: 'held', lastTimestamp: 1, wait: 25 })
  await wait(300)
  const started = Date.now()
  const ended = api.stop()
  await wait(300)
  await lock.query('COMMIT')
  await lock.end()
  expect(await Promise.all([sending, polling])).toEqual([
    { status: 200, connection: 'close' },
    { status: 200, connection: 'close' },
  ])
  expect(await ended).toMatchObject({ code: 0 })
  expect(Date.now() - started).toBeLessThan(5000)
  const { body } = await post(`${world.api}/api/chat/poll`, { ...key, visitorId: 'locked' })
  expect(body['messages']).toHaveLength(2)
})

/** How a service ends, and after how many milliseconds. */
async function end(service: RunningService): Promise<{ code: number | null; tookMs: number }> {
  const from = Date.now()
  const { code } = await service.stop()
  return { code, tookMs: Date.now() - from }
}

it('D9 SIGTERM: the api waits for no line that asked nothing, and not for ever for one that asked half', async () => {
  const { env } = await startWorld({ gateways: 0 })
  const asking = 'POST /api/chat/send HTTP/1.1\r\nHost: dosti\r\n'
  const [quiet, half] = await Promise.all([startApi(env), startApi(env)])
  await Promise.all([dial(quiet.port), dial(quiet.port, asking)])
  await dial(half.port, `${asking}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"vis`)
  const [atOnce, soon] = await Promise.all([end(quiet), end(half)])
  expect([atOnce.code, soon.code]).toEqual([0, 0])
  expect(atOnce.tookMs).toBeLessThan(4000)
  expect(soon.tookMs).toBeLessThan(9000)
})

it('D9 SIGTERM: a gateway waits for no peer that does not answer its goodbye', async () => {
  const world = await startWorld()
  const [gateway] = world.gateways as [RunningService]
  const socketIo = '/socket.io/?EIO=4&transport=websocket'
  await Promise.all([
    dial(gateway.port),
    dial(gateway.port, upgrade('/ws')),
    dial(gateway.port, upgrade(socketIo)),
    dial(gateway.port, upgrade(`${socketIo}&apiKey=${world.acme.publicKey}&visitorId=gone`), textFrame('40')),
  ])
  const { code, tookMs } = await end(gateway)
  expect(code).toBe(0)
  expect(tookMs).toBeLessThan(6000)
})

it('D9 SIGTERM: a gateway that lets its connections go sends newcomers to another one', async () => {
  const world = await startWorld({ env: { DRAIN_MS: '4000' } })
  const [gateway] = world.gateways as [RunningService]
  const socketIo = `/socket.io/?EIO=4&transport=websocket&apiKey=${world.acme.publicKey}&visitorId=`
  const names = Array.from({ length: 40 }, (_, index) => `leaving-${index}`)
  await Promise.all(names.map((name) => dial(gateway.port, upgrade(`${socketIo}${name}`), textFrame('40'))))
  const ended = gateway.stop()
  await wait(300)
  const polling = await fetch(`${gateway.url}/socket.io/?EIO=4&transport=polling&apiKey=${world.acme.publicKey}`)
  expect(polling.status).toBe(503)
  expect(Number(polling.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await polling.json()).toMatchObject({ success: false, error: { code: 'service.unavailable' } })
  const socket = connect(gateway.port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.write(upgrade('/ws'))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString('latin1')).toMatch(/^HTTP\/1.1 503 /u)
  expect(await ended).toMatchObject({ code: 0 })
})
