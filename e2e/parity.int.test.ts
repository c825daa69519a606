/** O: the same operation gives the same reply on every road. */
import { OPERATIONS, type OperationName } from '@dosti/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { overRest, overSocketIo, overWebSocket, post, signIn, ticketOf, type Person } from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
let cookie: string
beforeAll(async () => {
  world = await startWorld({ env: { LIMITS: 'off' } })
  cookie = await signIn(world.api, world.acme.agents[0])
})

const roads = ['Socket.IO', 'raw WebSocket', 'REST'] as const
type Road = (typeof roads)[number]

const agentOn = async (road: Road): Promise<Person> => {
  if (road === 'REST') return overRest(world.api, { cookie })
  const hello = { ticket: await ticketOf(world.api, cookie) }
  return road === 'Socket.IO' ? overSocketIo(world.gateway, hello) : overWebSocket(world.gateway, hello)
}
const visitorOn = (road: Road, visitorId: string): Promise<Person> | Person => {
  const key = world.acme.publicKey
  if (road === 'REST')
    return overRest(world.api, { 'x-dosti-key': key, 'x-dosti-visitor': encodeURIComponent(visitorId) })
  return road === 'Socket.IO'
    ? overSocketIo(world.gateway, { key, visitorId })
    : overWebSocket(world.gateway, { key, visitorId })
}

/** A reply with what must differ between two runs taken out: ids, times, and the visitor who is another on each road. */
const normal = (value: unknown, visitorId: string): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, part: unknown) =>
      /^(requestId|timestamp|openedAt|closedAt|updatedAt|next)$/.test(key) && part !== null ? `<${key}>` : part,
    )
      .replaceAll(JSON.stringify(visitorId).slice(1, -1), '<visitor>')
      .replaceAll(/"(msg|note|evt|cnv)_[0-9a-f]+"/g, '"<$1>"'),
  )

interface Step {
  by: 'visitor' | 'agent'
  op: OperationName
  input?: unknown
  /** Add the visitor's id to the input. */
  named?: boolean
}

/** Every operation that goes over all roads, at least once well and once refused, as one story. */
const story: Step[] = [
  { by: 'visitor', op: 'conversation.sync' },
  { by: 'agent', op: 'conversation.sync', named: true },
  { by: 'agent', op: 'message.send', input: { text: 'nobody there' }, named: true },
  { by: 'visitor', op: 'conversation.read', input: { seq: 1 } },
  { by: 'visitor', op: 'message.send', input: { text: 'Hello', clientMessageId: 'c1', visitorName: 'Sana' } },
  { by: 'visitor', op: 'message.send', input: { text: 'Hello', clientMessageId: 'c1' } },
  { by: 'visitor', op: 'message.send', input: { text: 'Other', clientMessageId: 'c1' } },
  { by: 'visitor', op: 'message.send', input: { text: 'x'.repeat(5001) } },
  { by: 'visitor', op: 'message.send', input: { text: 'to another', visitorId: 'somebody else' } },
  { by: 'visitor', op: 'conversation.list' },
  { by: 'visitor', op: 'note.add', input: { text: 'a visitor has no notes' }, named: true },
  { by: 'agent', op: 'conversation.join', named: true },
  { by: 'agent', op: 'conversation.assign', input: { agentId: 'agt_bilal' }, named: true },
  { by: 'agent', op: 'conversation.assign', input: { agentId: 'agt_carla' }, named: true },
  { by: 'agent', op: 'conversation.assign', input: { agentId: 7 }, named: true },
  { by: 'agent', op: 'note.add', input: { text: 'A note', clientMessageId: 'n1' }, named: true },
  { by: 'agent', op: 'note.add', input: { text: 'A note', clientMessageId: 'n1' }, named: true },
  { by: 'agent', op: 'typing.set', input: { typing: true }, named: true },
  { by: 'agent', op: 'typing.set', input: { typing: 'yes' }, named: true },
  { by: 'agent', op: 'typing.set', input: { typing: true } },
  { by: 'agent', op: 'message.send', input: { text: 'Hi Sana' }, named: true },
  { by: 'visitor', op: 'typing.set', input: { typing: false } },
  { by: 'visitor', op: 'conversation.read', input: { seq: 4 } },
  { by: 'agent', op: 'conversation.read', input: { seq: 99 }, named: true },
  { by: 'agent', op: 'conversation.read', input: { seq: -1 }, named: true },
  { by: 'agent', op: 'conversation.close', named: true },
  { by: 'agent', op: 'conversation.close', named: true },
  { by: 'agent', op: 'conversation.reopen', named: true },
  { by: 'agent', op: 'conversation.close', named: true },
  { by: 'visitor', op: 'message.send', input: { text: 'One more thing' } },
  { by: 'agent', op: 'conversation.list', input: { status: 'open', assignee: 'nobody' } },
  { by: 'agent', op: 'conversation.list', input: { cursor: 'made up' } },
  { by: 'agent', op: 'conversation.list', input: { status: 'sideways' } },
  { by: 'agent', op: 'agent.list' },
  { by: 'agent', op: 'availability.set', input: { available: false } },
  { by: 'agent', op: 'availability.set', input: { available: true } },
  { by: 'agent', op: 'conversation.sync', named: true },
  { by: 'agent', op: 'conversation.sync', input: { after: 2, internalAfter: 0 }, named: true },
  { by: 'agent', op: 'conversation.sync', input: { after: 1000 }, named: true },
  { by: 'visitor', op: 'conversation.sync', input: { after: 0 } },
  { by: 'visitor', op: 'conversation.sync', input: { limit: 2 } },
  { by: 'visitor', op: 'conversation.resume', input: { threads: [{ seq: 2 }] } },
  { by: 'visitor', op: 'conversation.resume', input: { threads: [{ seq: 2, visitorId: 'somebody else' }] } },
  { by: 'agent', op: 'conversation.resume', input: { threads: [{ visitorId: 'never wrote', seq: 0 }] } },
  { by: 'agent', op: 'conversation.resume', input: { threads: [] } },
  {
    by: 'agent',
    op: 'conversation.resume',
    input: { threads: Array.from({ length: 51 }, () => ({ visitorId: 'v', seq: 0 })) },
  },
]

describe('O every operation, over three roads', () => {
  const told: Partial<Record<Road, unknown[]>> = {}

  it.each(roads)('the story over %s', async (road) => {
    const visitorId = `parity over ${road}`
    const people = { visitor: await visitorOn(road, visitorId), agent: await agentOn(road) }
    const replies: unknown[] = []
    for (const { by, op, input, named } of story) {
      const reply = await people[by].ask(op, { ...(input as object | undefined), ...(named ? { visitorId } : {}) })
      replies.push({ op, input, reply: normal(reply, visitorId) })
    }
    told[road] = replies
    expect(replies).toHaveLength(story.length)
  })

  afterAll(() => {
    // Equal replies; the first road that ran is the measure.
    expect(told['raw WebSocket']).toEqual(told['Socket.IO'])
    expect(told['REST']).toEqual(told['Socket.IO'])
  })

  it('the story leaves no operation out', () => {
    const everywhere = Object.entries(OPERATIONS).flatMap(([name, { over }]) => (over === 'all' ? [name] : []))
    expect(new Set(story.map(({ op }) => op))).toEqual(new Set(everywhere))
  })

  it.each(Object.keys(OPERATIONS).filter((name) => OPERATIONS[name as OperationName].over === 'http'))(
    '%s is unknown to sockets',
    async (op) => {
      expect(await (await visitorOn('Socket.IO', 'v')).ask(op)).toMatchObject({
        ok: false,
        error: { code: 'request.unknown' },
      })
      expect(await (await visitorOn('raw WebSocket', 'v')).ask(op)).toMatchObject({
        ok: false,
        error: { code: 'request.unknown' },
      })
    },
  )
})

describe('sessions', () => {
  it('who signs in is shown, until the session is ended', async () => {
    const mine = await signIn(world.api, world.acme.agents[1])
    const agent = overRest(world.api, { cookie: mine })
    expect(await agent.ask('session.show')).toMatchObject({
      ok: true,
      data: { agent: { name: 'Bilal' }, workspace: { name: 'acme' } },
    })
    expect(await agent.ask('session.end')).toEqual({ ok: true, data: {} })
    await new Promise((resolve) => setTimeout(resolve, 1100))
    expect(await agent.ask('session.show')).toMatchObject({ ok: false, error: { code: 'auth.expired' } })
  })

  it('a dead cookie bars nobody from signing in, and is taken back', async () => {
    const dead = { cookie: 'dosti_test=deadbeef' }
    const refused = await post(`${world.api}/api/v1/session.show`, {}, dead)
    expect(refused).toMatchObject({ status: 401, body: { error: { code: 'auth.expired' } } })
    expect(refused.headers.get('set-cookie')).toMatch(/^dosti_test=; .*Expires=Thu, 01 Jan 1970/)
    const { email, password } = world.acme.agents[0]
    expect(await post(`${world.api}/api/v1/session.start`, { email, password }, dead)).toMatchObject({ status: 200 })
  })

  it('a ticket opens one socket', async () => {
    const ticket = await ticketOf(world.api, cookie)
    await overSocketIo(world.gateway, { ticket })
    await expect(overSocketIo(world.gateway, { ticket })).rejects.toMatchObject({ data: { code: 'auth.expired' } })
  })

  it.each([
    ['a wrong password', { email: 'aisha@acme.example', password: 'x' }],
    ['an unknown e-mail', { email: 'nobody@acme.example', password: 'x' }],
  ])('%s gets the same answer', async (_name, credentials) => {
    expect(await post(`${world.api}/api/v1/session.start`, credentials)).toMatchObject({
      status: 401,
      body: { ok: false, error: { code: 'auth.invalid' } },
    })
  })

  it('a page of another site cannot use the cookie', async () => {
    const reply = await post(`${world.api}/api/v1/agent.list`, {}, { cookie, 'sec-fetch-site': 'cross-site' })
    expect(reply).toMatchObject({ status: 403, body: { error: { code: 'access.denied' } } })
  })

  it('the cookie is out of reach of scripts and other sites', async () => {
    const { email, password } = world.acme.agents[0]
    const { headers } = await post(`${world.api}/api/v1/session.start`, { email, password })
    expect(headers.get('set-cookie')).toMatch(/^dosti_test=[\w-]{43}; Path=\/; Expires=.+; HttpOnly; SameSite=Lax$/)
  })
})

describe('a visitor whose id the server made', () => {
  const create = async (): Promise<{ visitorId: string; visitorToken: string }> => {
    const { body } = await post(
      `${world.api}/api/v1/visitor.create`,
      { visitorName: 'Wide' },
      { 'x-dosti-key': world.acme.publicKey },
    )
    return body['data'] as { visitorId: string; visitorToken: string }
  }

  it('is nobody without the token, on every road', async () => {
    const { visitorId, visitorToken } = await create()
    const key = world.acme.publicKey
    const hello = { key, visitorId, visitorToken }
    expect(await (await overSocketIo(world.gateway, hello)).ask('message.send', { text: 'mine' })).toMatchObject({
      ok: true,
    })
    const refused = { data: { code: 'visitor.token_required' } }
    await expect(overSocketIo(world.gateway, { key, visitorId })).rejects.toMatchObject(refused)
    await expect(overSocketIo(world.gateway, { ...hello, visitorToken: 'x'.repeat(43) })).rejects.toMatchObject(refused)
    await expect(overWebSocket(world.gateway, { key, visitorId })).rejects.toThrow('visitor.token_required')
    const body = { apiKey: key, visitorId, message: 'not mine' }
    expect(await post(`${world.api}/api/chat/send`, body)).toMatchObject({
      status: 401,
      body: { success: false, error: { code: 'visitor.token_required' } },
    })
    expect(await post(`${world.api}/api/chat/poll`, body)).toMatchObject({
      status: 401,
      body: { success: false, error: { code: 'visitor.token_required' } },
    })
    expect(await post(`${world.api}/api/chat/poll`, body, { authorization: `Bearer ${visitorToken}` })).toMatchObject({
      status: 200,
      body: { messages: [{ message: 'mine' }] },
    })
  })

  it('another visitor’s token proves nothing', async () => {
    const [one, two] = await Promise.all([create(), create()])
    await expect(
      overSocketIo(world.gateway, {
        key: world.acme.publicKey,
        visitorId: one.visitorId,
        visitorToken: two.visitorToken,
      }),
    ).rejects.toMatchObject({
      data: { code: 'visitor.token_required' },
    })
  })
})
