/** F1, F2: a reader who does not read is cut before it costs a megabyte; the others hear everything. */
import { beforeAll, describe, expect, it } from 'vitest'
import { hear, overRest, overSocketIo, overWebSocket, signIn, ticketOf, until } from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
let cookie: string
beforeAll(async () => {
  world = await startWorld({ env: { LIMITS: 'off' } })
  cookie = await signIn(world.api, world.acme.agents[0])
})
const ticket = () => ticketOf(world.api, cookie)
/** The sum of a metric of the gateway, over all its labels. */
const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${world.gateway}/metrics`)).text()
  const values = [...text.matchAll(new RegExp(`^${name}\\S* (\\S+)`, 'gmu'))]
  return values.reduce((sum, [, value]) => sum + Number(value), 0)
}
const gatewayMemory = () => metric('process_resident_memory_bytes')
const cuts = () => metric('dosti_slow_readers_cut_total')
const answers = () => metric('dosti_requests_total')

describe('F2 twenty agents stop reading while messages flow', () => {
  it('they are cut, memory stays, a reading agent misses nothing', async () => {
    const lazy = await Promise.all(
      Array.from(
        { length: 10 },
        async () =>
          [
            await overSocketIo(world.gateway, { ticket: await ticket() }),
            await overWebSocket(world.gateway, { ticket: await ticket() }),
          ] as const,
      ),
    )
    for (const [socketIo, raw] of lazy) {
      ;(socketIo.socket.io.engine.transport as unknown as { ws: { _socket: { pause(): void } } }).ws._socket.pause()
      raw.socket.pause()
    }
    const reader = await overSocketIo(world.gateway, { ticket: await ticket() })
    const visitor = overRest(world.api, { 'x-dosti-key': world.acme.publicKey, 'x-dosti-visitor': 'flood' })
    const before = await gatewayMemory()
    const text = 'x'.repeat(4900)
    // Kernel buffers take some megabytes for each socket before the gateway has anything to count.
    for (let sent = 0; sent < 12_000 && (await cuts()) < 20; sent += 100) {
      await Promise.all(Array.from({ length: 100 }, () => visitor.ask('message.send', { text })))
    }
    await until(async () => (await cuts()) >= 20, 'the cuts', 10_000)
    // Each once, however much is sent to it before the system has closed it.
    expect(await cuts()).toBe(20)
    expect((await gatewayMemory()) - before).toBeLessThan(150_000_000)
    const { body } = { body: await visitor.ask('conversation.sync', { limit: 1 }) }
    const { seq } = (body as unknown as { data: { seq: number } }).data
    await until(() => reader.heard.some(({ data }) => data['seq'] === seq), 'the last message', 10_000)
    const numbers = reader.heard
      .filter(({ data }) => data['stream'] === 'public')
      .map(({ data }) => Number(data['seq']))
    expect(new Set(numbers).size).toBe(seq)
    expect(reader.socket.connected).toBe(true)
    await reader.ask('typing.set', { visitorId: 'flood', typing: true })
    await hear(reader, 'typing.started')
  }, 120_000)
})

describe('F2 a visitor asks and does not read the answers', () => {
  it('is cut, over both kinds of socket', async () => {
    const key = world.acme.publicKey
    const visitorId = 'flood'
    const already = await cuts()
    const raw = await overWebSocket(world.gateway, { key, visitorId })
    raw.socket.pause()
    const extended = await overSocketIo(world.gateway, { key, visitorId })
    ;(extended.socket.io.engine.transport as unknown as { ws: { _socket: { pause(): void } } }).ws._socket.pause()
    const bothAreCut = async () => (await cuts()) >= already + 2
    // One at a time: of many at once most are refused in the end, and refusals are small.
    for (let asked = 0; asked < 100 && !(await bothAreCut()); asked += 1) {
      const before = await answers()
      raw.socket.send(JSON.stringify({ id: asked, op: 'conversation.sync', input: { limit: 500 } }))
      extended.socket.emit('conversation.sync', { limit: 500 }, () => {})
      await until(async () => (await answers()) > before || bothAreCut(), 'an answer')
    }
    expect(await cuts()).toBe(already + 2)
  }, 60_000)
})
