/** Two nodes, one Redis: it does not matter where people are connected. */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  hear,
  overSocketIo,
  overWebSocket,
  post,
  quiet,
  signIn,
  socketIo,
  ticketOf,
  until,
  type Person,
} from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
let cookie: string
beforeAll(async () => {
  world = await startWorld({ gateways: 2, env: { LIMITS: 'off' } })
  cookie = await signIn(world.api, world.acme.agents[0])
})
const [first, second] = [0, 1].map((index) => () => world.gateways[index]?.url ?? '') as [() => string, () => string]

describe('visitor on one gateway, agent on the other', () => {
  it('every event once, in both directions, for every kind of client', async () => {
    const visitorId = 'far away'
    const key = world.acme.publicKey
    const published = await socketIo(first(), { query: { apiKey: key, visitorId } })
    const extended = await overSocketIo(second(), { key, visitorId })
    const raw = await overWebSocket(first(), { key, visitorId })
    const agentFar = await overSocketIo(second(), { ticket: await ticketOf(world.api, cookie) })
    const agentNear = await overWebSocket(first(), { ticket: await ticketOf(world.api, cookie) })
    // The subscription of a fresh node may lag behind its readiness by a moment.
    await until(async () => {
      await agentFar.ask('typing.set', { visitorId, typing: true })
      return published.heard.some(({ name }) => name === 'partner_typing')
    })

    for (let index = 0; index < 20; index += 1) {
      await published.socket.emitWithAck('send_message', { message: `from the visitor ${index}` })
      await agentFar.ask('message.send', { visitorId, text: `from the agent ${index}` })
    }
    await post(`${world.api}/api/chat/send`, { apiKey: key, visitorId, message: 'over REST' })
    await hear(agentFar, 'message.sent', 41)
    await hear(agentNear, 'message.sent', 41)
    await hear(published, 'message_sent')
    await quiet()
    for (const person of [extended, raw, agentFar, agentNear]) {
      const stored = person.heard
        .filter(({ data }) => typeof data?.['seq'] === 'number' && data['stream'] === 'public')
        .map(({ data }) => data['seq'])
      expect(stored.toSorted((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: 43 }, (_, index) => index + 1),
      )
    }
    expect(published.heard.filter(({ name }) => name === 'receive_message')).toHaveLength(20)
    expect(published.heard.filter(({ name }) => name === 'message_sent').map(({ data }) => data['message'])).toEqual([
      'over REST',
    ])
    expect(published.heard.filter(({ name }) => name === 'agent_joined')).toHaveLength(1)
  })

  it('Engine.IO ids begin with the node’s name', async () => {
    const one = await socketIo(first(), { query: { apiKey: world.acme.publicKey, visitorId: 'id' } })
    const two = await socketIo(second(), { query: { apiKey: world.acme.publicKey, visitorId: 'id' } })
    expect([one, two].map(({ socket }) => socket.io.engine.id?.split('-')[0])).toEqual(['gw1', 'gw2'])
  })
})

describe('D7 Redis is gone', () => {
  it('sends still acknowledge, are stored, and reach who is on the same node', async () => {
    const visitorId = 'without redis'
    const agent = await overSocketIo(first(), { ticket: await ticketOf(world.api, cookie) })
    const visitor = await overSocketIo(first(), { key: world.acme.publicKey, visitorId })
    await world.redis.kill()
    expect(await visitor.ask('message.send', { text: 'still here' })).toMatchObject({ ok: true })
    expect((await hear(agent, 'message.sent')).data).toMatchObject({ data: { text: 'still here' } })
    expect(
      (await post(`${world.api}/api/chat/send`, { apiKey: world.acme.publicKey, visitorId, message: 'over REST' }))
        .status,
    ).toBe(200)
    expect(
      (await post(`${world.api}/api/chat/poll`, { apiKey: world.acme.publicKey, visitorId })).body['messages'],
    ).toHaveLength(2)
    const health = await fetch(`${first()}/readyz`)
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({ status: 'degraded', checks: { postgres: 'ok', redis: 'away' } })
    await world.redis.restart()
    await until(
      async () => ((await (await fetch(`${first()}/readyz`)).json()) as { status: string }).status === 'ready',
    )
  })

  it.each([
    ['killed', async () => void (await world.redis.kill()), () => world.redis.restart()],
    ['frozen', async () => world.redis.freeze(), async () => world.redis.thaw()],
  ])(
    '%s: who is on another node hears it from the log, once, also when the push comes late',
    async (how, harm, heal) => {
      const visitorId = `${how} redis`
      const key = world.acme.publicKey
      const published = await socketIo(first(), { query: { apiKey: key, visitorId } })
      const extended = await overSocketIo(first(), { key, visitorId })
      const raw = await overWebSocket(first(), { key, visitorId })
      const agent = await overSocketIo(second(), { ticket: await ticketOf(world.api, cookie) })
      await published.socket.emitWithAck('send_message', { message: 'Is anybody there?' })
      await hear(agent, 'message.sent')
      // Published clients may have heard elsewhere what was written before the node has looked at the log since they came.
      await quiet(1500)
      await harm()
      // Nothing follows it that would show the gap.
      expect(await agent.ask('message.send', { visitorId, text: 'the last word' })).toMatchObject({ ok: true })
      const lastWords = (person: Pick<Person, 'heard'>) =>
        person.heard.filter(({ data }) => JSON.stringify(data).includes('the last word')).length
      const everybody = [published, extended, raw, agent]
      await until(() => everybody.every((person) => lastWords(person) > 0), 'the last word', 15_000)
      await heal()
      await until(
        async () => ((await (await fetch(`${first()}/readyz`)).json()) as { status: string }).status === 'ready',
      )
      await quiet(1500)
      expect(everybody.map(lastWords)).toEqual([1, 1, 1, 1])
    },
  )
})
