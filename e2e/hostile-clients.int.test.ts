/** F2: what a peer who follows no protocol can make a gateway keep, or wait for. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { until } from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld({ env: { LIMITS: 'off' } })
})
const polling = (query = '') => `${world.gateway}/socket.io/?EIO=4&transport=polling${query}`
const metric = async (name: string): Promise<number> => {
  const page = await (await fetch(`${world.gateway}/metrics`)).text()
  return Number(new RegExp(`^${name}\\S* (\\S+)`, 'mu').exec(page)?.[1] ?? 0)
}
const cuts = () => metric('dosti_slow_readers_cut_total')

/** A polling connection of anybody's; packets go out in one POST. */
async function openPolling(query?: string) {
  const opened = await (await fetch(polling(query))).text()
  const { sid } = JSON.parse(opened.slice(1)) as { sid: string }
  const address = polling(`${query ?? ''}&sid=${sid}`)
  return {
    post: (packets: string[]) => fetch(address, { method: 'POST', body: packets.join('\x1e') }).catch(() => {}),
    poll: async () => (await fetch(address)).status,
  }
}

/** A bare line on which this was said. */
async function dial(words: string): Promise<Socket> {
  const socket = connect(Number(new URL(world.gateway).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(words)
  return socket
}

const request = (line: string, ...headers: string[]) => `${[line, 'Host: dosti', ...headers].join('\r\n')}\r\n\r\n`
const UPGRADE = ['Upgrade: websocket', 'Connection: Upgrade']
const WEBSOCKET = [...UPGRADE, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==']

it('who joins again and again is cut before it has joined eleven times', async () => {
  const { post, poll } = await openPolling()
  await post(Array.from({ length: 20_000 }, () => '40'))
  expect(await poll()).toBe(400)
})

it('who sends a flood of packets at once is cut after a thousand', async () => {
  const { post, poll } = await openPolling(`&apiKey=${world.acme.publicKey}&visitorId=floods`)
  await post(['40'])
  expect(await poll()).toBe(200)
  const before = await metric('dosti_requests_total')
  await post(Array.from({ length: 20_000 }, () => '42["typing"]'))
  expect(await poll()).toBe(400)
  const asked = (await metric('dosti_requests_total')) - before
  expect(asked).toBeGreaterThan(0)
  expect(asked).toBeLessThanOrEqual(1000)
})

it('who asks and never fetches the answers is cut before they are a megabyte', async () => {
  const { post, poll } = await openPolling(`&apiKey=${world.acme.publicKey}&visitorId=never-polls`)
  await post(['40'])
  expect(await poll()).toBe(200)
  const before = await cuts()
  for (let round = 0; round < 20 && (await cuts()) === before; round += 1)
    await post(Array.from({ length: 900 }, () => '42["no_such"]'))
  expect(await cuts()).toBe(before + 1)
  expect(await poll()).toBe(400)
})

it('who pings and never reads the pongs is hung up on', async () => {
  const socket = await dial(
    request(
      `GET /socket.io/?EIO=4&transport=websocket&apiKey=${world.acme.publicKey}&visitorId=pings HTTP/1.1`,
      ...WEBSOCKET,
    ),
  )
  await once(socket, 'data')
  socket.pause()
  const before = await metric('process_resident_memory_bytes')
  const pings = Buffer.from('898001020304'.repeat(10_000), 'hex')
  let isGone = false
  socket.once('close', () => (isGone = true))
  for (let sent = 0; sent < 500 && !isGone; sent += 1) {
    socket.write(pings)
    await wait(10)
  }
  await until(() => isGone, 'the end of the line', 10_000)
  expect((await metric('process_resident_memory_bytes')) - before).toBeLessThan(100_000_000)
})

it.each([
  ['an upgrade that is no GET', request('OPTIONS / HTTP/1.1', ...UPGRADE), '405'],
  ['a WebSocket without an upgrade', request('GET /socket.io/?EIO=4&transport=websocket HTTP/1.1'), '400'],
])('%s is refused and its line closed', async (_name, words, status) => {
  expect(await text(await dial(words))).toMatch(new RegExp(`^HTTP/1.1 ${status} `, 'u'))
})

it('a WebSocket without an upgrade, of a session that is there, too', async () => {
  const socket = await dial(request('GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', ...WEBSOCKET))
  let heard = ''
  socket.on('data', (data: Buffer) => (heard += data.toString('latin1')))
  const sid = await until(() => /"sid":"([^"]+)"/u.exec(heard)?.[1])
  const words = request(`GET /socket.io/?EIO=4&transport=websocket&sid=${sid} HTTP/1.1`)
  expect(await text(await dial(words))).toMatch(/^HTTP\/1.1 400 /u)
})
