/** T21, T23, T24, T30: lines that are cut, late and half-open, and clocks that are wrong. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '@dosti/tooling'
import { WebSocket } from 'ws'
import { CannotRun, lasting, someGateway, type Fault, type Stage } from './fault.ts'
import { askHttp, askTicket, dialExtended, dialPublished, dialRaw, restLine, QUIET, type Hearing } from './lines.ts'
import { tryOnce } from './outbox.ts'
import { newSend } from './people.ts'
import { defineService } from './processes.ts'
import { clearUp, startProxy } from './proxy.ts'
import { ownerMark } from './recording.ts'
import type { Node } from './world.ts'

const SHIFT_CLOCK = new URL('preload/shift-clock.mjs', import.meta.url).href
const partitionFromRedis: Fault = {
  id: 'T21',
  title: 'one gateway in a network of its own loses Redis alone',
  async inject(stage) {
    const { world } = stage
    const space = `dosti${process.pid % 10_000}`
    const [outside, inside, redisAddress] = ['10.213.77.1', '10.213.77.2', '10.213.77.3']
    const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'pipe' })
    try {
      ip('netns', 'add', space)
      ip('link', 'add', `${space}a`, 'type', 'veth', 'peer', 'name', `${space}b`, 'netns', space)
    } catch (error) {
      throw new CannotRun(`no network namespaces here: ${String(error).split('\n')[0]}`)
    }
    // A deleted space lives on until its last process has ended, and its link with it.
    const closing: (() => unknown)[] = [() => ip('link', 'del', `${space}a`), () => ip('netns', 'del', space)]
    try {
      for (const address of [outside, redisAddress]) ip('addr', 'add', `${address}/24`, 'dev', `${space}a`)
      ip('link', 'set', `${space}a`, 'up')
      ip('-n', space, 'link', 'set', 'lo', 'up')
      ip('-n', space, 'addr', 'add', `${inside}/24`, 'dev', `${space}b`)
      ip('-n', space, 'link', 'set', `${space}b`, 'up')
      const toPostgres = await startProxy({ host: '127.0.0.1', port: world.postgres.port }, { host: outside })
      const toRedis = await startProxy({ host: '127.0.0.1', port: world.redis.port }, { host: redisAddress })
      closing.unshift(
        () => toPostgres.close(),
        () => toRedis.close(),
      )
      const env = world.env({ toPostgres: toPostgres.port, toRedis: toRedis.port })
      const apart = defineService({
        name: 'apart',
        entry: 'apps/gateway/src/main.ts',
        port: await freePort(),
        host: inside,
        // Limits may be off on loopback alone.
        env: {
          ...env,
          DATABASE_URL: env['DATABASE_URL']?.replace('127.0.0.1', outside) ?? '',
          REDIS_URL: env['REDIS_URL']?.replace('127.0.0.1', redisAddress) ?? '',
          LIMITS: 'on',
          NODE_NAME: 'apart',
        },
        running: world.running,
        misbehaved: (what) => world.misbehaviours.push(what),
        prefix: ['ip', 'netns', 'exec', space],
      })
      await apart.start()
      closing.unshift(() => apart.kill())
      await talkAcross(stage, apart.url, () => ip('addr', 'del', `${redisAddress}/24`, 'dev', `${space}a`))
    } finally {
      for (const close of closing) await close()
    }
  },
}

/** A visitor on the lonely gateway, with two devices, and an agent on the other: nobody asks, yet each must hear the other's words. */
async function talkAcross({ world, random, expect }: Stage, lonelyUrl: string, cut: () => void): Promise<void> {
  const [workspace] = world.workspaces
  const visitorId = `apart${random.between(0, 999_999)}`
  const api = `http://127.0.0.1:${world.api.edge.port}`
  const { email, password } = workspace.agent
  const { cookie } = await askHttp(`${api}/api/v1/session.start`, { email, password }, QUIET)
  const listener = () => {
    const texts: string[] = []
    const event: Hearing['event'] = (_name, data) => {
      const text = data['message'] ?? (data['data'] as { text?: unknown } | undefined)?.text
      if (data['visitorId'] === visitorId && typeof text === 'string') texts.push(text)
    }
    return { texts, hearing: { bytes: () => {}, event } }
  }
  const [toAgent, toVisitor, toPhone] = [listener(), listener(), listener()]
  const key = workspace.publicKey
  const agent = await dialExtended(() => askTicket(api, cookie, QUIET))(
    `http://127.0.0.1:${world.gateways[0].edge.port}`,
    toAgent.hearing,
  )
  const visitor = await dialRaw({ key, visitorId })(lonelyUrl, toVisitor.hearing)
  const phone = await dialPublished({ apiKey: key, visitorId }, ['websocket'])(lonelyUrl, toPhone.hearing)
  // A published client hears from the log what began after the node's first look since it came.
  await wait(2000)
  const said: string[] = []
  const say = async (text: string): Promise<void> => {
    const fromVisitor = await visitor.ask('message.send', { text, clientMessageId: text })
    const fromAgent = await agent.ask('message.send', { visitorId, text: `re ${text}`, clientMessageId: `re ${text}` })
    if (!fromVisitor.ok || !fromAgent.ok) throw new Error('a send was refused beside the partition')
    said.push(text, `re ${text}`)
  }
  await say('before')
  cut()
  const isAlone = async (): Promise<boolean> =>
    JSON.stringify((await askHttp(`${lonelyUrl}/readyz`, undefined, QUIET)).body).includes('"redis":"away"')
  expect('the gateway finds that Redis is away', await within10s(isAlone), 'it did not')
  for (let index = 0; index < 10; index += 1) await say(`during ${index}`)
  const missing = () =>
    [toAgent, toVisitor, toPhone].map(({ texts }) => said.filter((text) => !texts.includes(text)).length)
  const arrived = await within10s(async () => missing().every((count) => count === 0))
  expect('what is said on one side is told on the other within 10 s', arrived, `missing ${missing().join(', ')}`)
  await wait(2500)
  const repeats = [toAgent, toVisitor, toPhone].map(({ texts }) => texts.length - new Set(texts).size)
  expect(
    'and once',
    repeats.every((count) => count === 0),
    `repeats ${repeats.join(', ')}`,
  )
  for (const line of [visitor, phone, agent]) line.close()
}

async function within10s(holds: () => Promise<boolean>): Promise<boolean> {
  for (const from = Date.now(); Date.now() - from < 10_000; await wait(50)) if (await holds()) return true
  return false
}

const badLine: Fault = {
  id: 'T23',
  title: 'client lines late by seconds, reset on random bytes, requests answered twice',
  async inject(stage) {
    const { world, crowd, random } = stage
    const edges = [...world.gateways, world.api].map(({ edge }) => edge)
    for (const edge of edges) {
      edge.weather = {
        ...edge.weather,
        latencyMs: stage.size === 'short' ? 100 : 1000,
        jitterMs: stage.size === 'short' ? 400 : 2000,
        resetAfterBytes: () => random.between(1, 60_000),
      }
    }
    const end = Date.now() + lasting(stage, [4000, 5000], [10_000, 20_000])
    const from = Date.now()
    let twice = 0
    while (Date.now() < end) {
      twice += await sendTwice(stage)
      await wait(random.between(50, 200))
    }
    for (const edge of edges) clearUp(edge)
    const asked = crowd.recording.attempts.filter(({ startedAt }) => startedAt >= from).length
    stage.expect('requests went through it', asked > 0 && twice > 0, `${asked} requests, ${twice} of them twice`)
  },
}

/** A proxy that delivers a POST twice, at the same moment: both answers must name one message, also where it makes the visitor. */
async function sendTwice({ world, crowd, random }: Stage): Promise<number> {
  const [workspace] = world.workspaces
  const visitorId = `twice${random.between(0, 30)}`
  const number = crowd.recording.sends.length
  const text = `${ownerMark(`${workspace.name}.${visitorId}`)} ${number}`
  const clientMessageId = `twice-${number}`
  const party = `twice ${number}`
  const send = newSend({ workspaceId: workspace.id, visitorId, party, text, clientMessageId, stream: 'public' })
  crowd.recording.sends.push(send)
  const line = restLine(world.api.service.url, { apiKey: workspace.publicKey, visitorId }, QUIET)
  await Promise.all([tryOnce(line.ask, send), tryOnce(line.ask, send)])
  return send.acks.length === 2 ? 1 : 0
}

const halfOpen: Fault = {
  id: 'T24',
  title: 'clients that vanish without a word',
  once: true,
  async inject(stage) {
    const count = stage.size === 'short' ? 50 : 500
    const [first, second] = stage.world.gateways
    const outcomes = await Promise.all([vanish(stage, first, 'ws', count), vanish(stage, second, 'socket.io', count)])
    for (const { road, held, tookMs, left } of outcomes)
      stage.expect(
        `${road}: they are gone within 45 s`,
        held >= count * 0.9 && tookMs <= 45_000,
        `${held} held, ${left} left after ${tookMs} ms`,
      )
  },
}

async function vanish({ world }: Stage, { service }: Node, road: 'ws' | 'socket.io', count: number) {
  const [workspace] = world.workspaces
  const before = service.descriptors()
  const proxy = await startProxy({ host: '127.0.0.1', port: Number(new URL(service.url).port) })
  const sockets: WebSocket[] = []
  for (let index = 0; index < count; index += 1) {
    const path = road === 'ws' ? 'ws' : 'socket.io/?EIO=4&transport=websocket'
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/${path}`)
    socket.on('error', () => {})
    await once(socket, 'open')
    const auth = { protocol: 1, key: workspace.publicKey, visitorId: `half${index}` }
    socket.send(road === 'ws' ? JSON.stringify({ id: 1, op: 'hello', input: auth }) : `40${JSON.stringify(auth)}`)
    sockets.push(socket)
  }
  await wait(500)
  const held = service.descriptors() - before
  proxy.weather.frozen = true
  const from = Date.now()
  // A crowd of others comes and goes meanwhile.
  while (service.descriptors() > before + 15 && Date.now() - from < 100_000) await wait(250)
  const outcome = { road, held, tookMs: Date.now() - from, left: service.descriptors() - before }
  for (const socket of sockets) socket.terminate()
  await proxy.close()
  return outcome
}

const wrongClock: Fault = {
  id: 'T30',
  title: 'one gateway with a clock that is ten minutes off, and client clocks a day off',
  async inject(stage) {
    const { service } = someGateway(stage)
    const minutes = stage.random.pick([-10, 10])
    await service.stop()
    await service.start(['--import', `${SHIFT_CLOCK}?ms=${minutes * 60_000}`])
    const statuses = await pollWithOddCursors(stage)
    await wait(lasting(stage, [2500, 3500], [8000, 15_000]))
    await service.stop()
    await service.start()
    const wrong = [...statuses].filter(([cursor, status]) => status !== (/^-|NaN|abc/.test(cursor) ? 400 : 200))
    stage.expect(
      'cursors of every kind are answered, never with a 5xx',
      wrong.length === 0,
      `${JSON.stringify(wrong)} of ${statuses.size} odd ones`,
    )
  },
}

async function pollWithOddCursors({ world, crowd, random }: Stage): Promise<Map<string, number>> {
  const { workspace, visitorId } = random.pick(crowd.visitors)
  const day = 86_400_000
  const now = Date.now()
  const cursors = [
    '0',
    '-1',
    'NaN',
    'abc',
    '1e308',
    String(now + day),
    String(now - day),
    String(Math.floor(now / 1000)),
    new Date(now).toISOString(),
    '2026-03-29T02:30:00+01:00',
    '1781625600000.5',
  ]
  const statuses = new Map<string, number>()
  for (const cursor of cursors) {
    const query = new URLSearchParams({ apiKey: workspace.publicKey, visitorId, lastTimestamp: cursor })
    const { status } = await askHttp(`${world.api.service.url}/api/chat/poll?${query}`, undefined, QUIET)
    statuses.set(cursor, status)
  }
  return statuses
}

export const networkFaults: readonly Fault[] = [partitionFromRedis, badLine, halfOpen, wrongClock]
