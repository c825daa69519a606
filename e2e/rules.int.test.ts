/** The rules of the wire on every road by which a visitor can come, side by side. */
import { fileURLToPath } from 'node:url'
import { spawnProcess, startPostgres, type OwnPostgres } from '@dosti/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  hear,
  overRest,
  overSocketIo,
  overWebSocket,
  post,
  quiet,
  rawSocket,
  signIn,
  socketIo,
  ticketOf,
  until,
  type Person,
} from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

const MIGRATE = fileURLToPath(new URL('../packages/db/bin/migrate.ts', import.meta.url))

let world: World
let cookie: string
let postgres: OwnPostgres
beforeAll(async () => {
  // A server of its own, because it is frozen.
  postgres = await startPostgres()
  const migrating = spawnProcess(process.execPath, [MIGRATE], { env: { DATABASE_URL: postgres.url } })
  if ((await migrating.ended).code !== 0) throw new Error(migrating.output())
  world = await startWorld({ env: { LIMITS: 'off' }, database: postgres })
  cookie = await signIn(world.api, world.acme.agents[0])
}, 120_000)

type Answer = { id: string } | { code: string; retryAfterMs: number | undefined }
/** A visitor on one road: sends, and remembers what was told, if the road tells anything. */
interface Visitor {
  send: (text: string, clientMessageId?: string) => Promise<Answer>
  heard: Person['heard']
}

const published = ({ success, id, error }: Record<string, unknown>): Answer =>
  success === true ? { id: String(id) } : (error as Answer)
const extended = (reply: Awaited<ReturnType<Person['ask']>>): Answer =>
  reply.ok
    ? { id: (reply.data['event'] as { id: string }).id }
    : { code: reply.error.code, retryAfterMs: reply.error.retryAfterMs }
const asking = (person: Person): Visitor => ({
  heard: person.heard,
  send: async (text, clientMessageId) =>
    extended(await person.ask('message.send', { text, ...(clientMessageId === undefined ? {} : { clientMessageId }) })),
})
const headers = (visitorId: string) => ({ 'x-dosti-key': world.acme.publicKey, 'x-dosti-visitor': visitorId })

const roads = {
  'Socket.IO, published': async (visitorId: string): Promise<Visitor> => {
    const { socket, heard } = await socketIo(world.gateway, { query: { apiKey: world.acme.publicKey, visitorId } })
    return {
      heard,
      send: async (message, clientMessageId) =>
        published(await socket.timeout(5000).emitWithAck('send_message', { message, clientMessageId })),
    }
  },
  'Socket.IO, extended': async (visitorId: string) =>
    asking(await overSocketIo(world.gateway, { key: world.acme.publicKey, visitorId })),
  'raw WebSocket': async (visitorId: string) =>
    asking(await overWebSocket(world.gateway, { key: world.acme.publicKey, visitorId })),
  'REST, published': async (visitorId: string): Promise<Visitor> => ({
    heard: [],
    send: async (message, clientMessageId) =>
      published(
        (
          await post(`${world.api}/api/chat/send`, {
            apiKey: world.acme.publicKey,
            visitorId,
            message,
            clientMessageId,
          })
        ).body,
      ),
  }),
  'REST, extended': async (visitorId: string) => asking(overRest(world.api, headers(visitorId))),
}
type Road = keyof typeof roads
const names = Object.keys(roads) as Road[]

const agent = async () => overSocketIo(world.gateway, { ticket: await ticketOf(world.api, cookie) })
const page = async (visitorId: string) => {
  const reply = await overRest(world.api, { cookie }).ask('conversation.sync', { visitorId, limit: 500 })
  if (!reply.ok) throw new Error(reply.error.code)
  return reply.data['events'] as { id: string; name: string; stream: string; seq: number; data: { text?: string } }[]
}
const textsOf = async (visitorId: string) => (await page(visitorId)).flatMap(({ data }) => data.text ?? [])
const saying = (person: Pick<Person, 'heard'>, text: string) =>
  person.heard.filter(({ data }) => data['message'] === text || (data['data'] as { text?: string })?.text === text)

describe.each(names)('%s', (road) => {
  it('D1 what is acknowledged is committed: another connection sees it', async () => {
    const visitor = await roads[road](`D1 ${road}`)
    for (let index = 0; index < 20; index += 1) {
      const answer = await visitor.send(`text ${index}`)
      expect(await world.sql('SELECT data FROM event WHERE id = $1', ['id' in answer ? answer.id : ''])).toEqual([
        { data: { text: `text ${index}` } },
      ])
    }
  })

  it('D2 a repeat over any road is the same message; another text under its name is refused', async () => {
    const visitorId = `D2 ${road}`
    const first = await (await roads[road](visitorId)).send('once', 'c1')
    for (const other of names) {
      const again = await roads[other](visitorId)
      expect(await again.send('once', 'c1')).toEqual({ id: 'id' in first ? first.id : 'none' })
      expect(await again.send('twice', 'c1')).toMatchObject({ code: 'message.conflict' })
    }
    expect(await textsOf(visitorId)).toEqual(['once'])
  })

  it('D3 many at once are numbered without a gap, and everybody has them in one order', async () => {
    const visitorId = `D3 ${road}`
    const listener = await agent()
    const visitor = await roads[road](visitorId)
    const other = await roads['raw WebSocket'](visitorId)
    await Promise.all(Array.from({ length: 50 }, (_, index) => visitor.send(`text ${index}`)))
    const stored = (await page(visitorId)).filter(({ stream }) => stream === 'public')
    expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1))
    expect(stored.filter(({ name }) => name === 'message.sent')).toHaveLength(50)
    for (const person of [listener, other]) {
      await hear(person, 'message.sent', 50)
      const told = person.heard.filter(({ data }) => data['visitorId'] === visitorId && typeof data['seq'] === 'number')
      expect(told.map(({ data }) => data['id'])).toEqual(stored.map(({ id }) => id))
    }
  })

  it('D6 the other devices of the visitor learn of it, once each', async () => {
    const visitorId = `D6 ${road}`
    const others = await Promise.all(
      (['Socket.IO, published', 'Socket.IO, extended', 'raw WebSocket'] as const).map((other) =>
        roads[other](visitorId),
      ),
    )
    await (await roads[road](visitorId)).send('to my other devices')
    for (const other of others) await until(() => saying(other, 'to my other devices').length > 0, 'the echo')
    await quiet()
    expect(others.map((other) => saying(other, 'to my other devices').length)).toEqual([1, 1, 1])
  })

  it('D8 Postgres is frozen: a refusal within three seconds, never an acknowledgement; the repeat is stored once', async () => {
    const visitorId = `D8 ${road}`
    const visitor = await roads[road](visitorId)
    await visitor.send('before')
    const started = performance.now()
    const { refused, took } = await postgres.frozen(async () => ({
      refused: await visitor.send('while it is frozen', 'c1'),
      took: performance.now() - started,
    }))
    expect(refused).toMatchObject({ code: 'service.unavailable', retryAfterMs: expect.any(Number) })
    expect(took).toBeLessThan(3000)
    const stored = await until(async () => {
      const answer = await visitor.send('while it is frozen', 'c1')
      return 'id' in answer && answer
    }, 'an acknowledgement')
    expect((await page(visitorId)).at(-1)?.id).toBe(stored.id)
    expect(await textsOf(visitorId)).toEqual(['before', 'while it is frozen'])
  })
})

describe.each(['Socket.IO, extended', 'raw WebSocket', 'REST, extended'] as const)('%s', (road) => {
  const visitorOn = (visitorId: string): Promise<Person> | Person =>
    road === 'REST, extended'
      ? overRest(world.api, headers(visitorId))
      : road === 'raw WebSocket'
        ? overWebSocket(world.gateway, { key: world.acme.publicKey, visitorId })
        : overSocketIo(world.gateway, { key: world.acme.publicKey, visitorId })
  const agentOn = async (): Promise<Person> => {
    if (road === 'REST, extended') return overRest(world.api, { cookie })
    const hello = { ticket: await ticketOf(world.api, cookie) }
    return road === 'raw WebSocket' ? overWebSocket(world.gateway, hello) : overSocketIo(world.gateway, hello)
  }
  const resume = async (person: Person, threads: unknown[]) => {
    const reply = await person.ask('conversation.resume', { threads })
    if (!reply.ok) return reply.error.code
    const answers = reply.data['threads'] as {
      status: string
      page: { events: { stream: string; seq: number }[] } | null
    }[]
    return answers.map((answer) => [
      answer.status,
      answer.page?.events.map(({ stream, seq }) => (stream === 'public' ? seq : -seq)),
    ])
  }

  it('D4 who holds a number gets everything after it, or a fresh snapshot where that cannot be', async () => {
    const visitorId = `D4 ${road}`
    const visitor = await visitorOn(visitorId)
    const colleague = await agentOn()
    for (const text of ['one', 'two', 'three']) await visitor.ask('message.send', { text })
    await colleague.ask('note.add', { visitorId, text: 'careful' })
    await visitor.ask('message.send', { text: 'four' })
    expect(await resume(visitor, [{ seq: 2 }])).toEqual([['replayed', [3, 4, 5]]])
    expect(await resume(visitor, [{ seq: 5 }])).toEqual([['replayed', []]])
    expect(await resume(visitor, [{ seq: 6 }])).toEqual([['resync_required', [1, 2, 3, 4, 5]]])
    const asked = [
      { visitorId, seq: 3, internalSeq: 0 },
      { visitorId: 'nobody', seq: 0 },
    ]
    expect(await resume(colleague, asked)).toEqual([
      ['replayed', [4, -1, 5]],
      ['not_found', undefined],
    ])
    expect(await resume(colleague, [{ visitorId, seq: 5, internalSeq: 2 }])).toEqual([
      ['resync_required', [1, 2, 3, 4, -1, 5]],
    ])
  })

  it('D4 fifty threads in one question, and no thread twice', async () => {
    const colleague = await agentOn()
    const ids = Array.from({ length: 50 }, (_, index) => `one of fifty ${index}`)
    const visitors = ids.map((visitorId) => overRest(world.api, headers(visitorId)))
    await Promise.all(visitors.map((visitor) => visitor.ask('message.send', { text: 'Hi' })))
    const numbers = (await page(ids[0] ?? '')).map(({ seq }) => seq)
    const threads = ids.map((visitorId) => ({ visitorId, seq: 0, internalSeq: 0 }))
    expect(await resume(colleague, threads)).toEqual(ids.map(() => ['replayed', numbers]))
    expect(await resume(colleague, [...threads, { visitorId: 'one more', seq: 0 }])).toBe('request.invalid')
    expect(await resume(colleague, [threads[0], threads[0]])).toBe('request.invalid')
  })

  it('read marks are told live to the other side, and never go back', async () => {
    const visitorId = `read ${road}`
    const [visitor, colleague] = [await visitorOn(visitorId), await agentOn()]
    const watching = {
      agent: await agent(),
      visitor: await overWebSocket(world.gateway, { key: world.acme.publicKey, visitorId }),
    }
    await visitor.ask('message.send', { text: 'Hello?' })
    await colleague.ask('conversation.read', { visitorId, seq: 2 })
    expect((await hear(watching.visitor, 'conversation.read')).data).toEqual({ visitorId, by: 'agents', seq: 2 })
    await colleague.ask('message.send', { visitorId, text: 'Hi!' })
    await visitor.ask('conversation.read', { seq: 4 })
    const told = () =>
      watching.agent.heard.flatMap(({ name, data }) =>
        name === 'conversation.read' && data['by'] === 'visitor' ? data : [],
      )
    await until(() => told().length > 0, 'the mark')
    expect(await visitor.ask('conversation.read', { seq: 1 })).toMatchObject({ ok: true, data: { seq: 4 } })
    await quiet()
    expect(told()).toEqual([{ visitorId, by: 'visitor', seq: 4 }])
  })
})

describe('D9 every request is answered exactly once', () => {
  const asked = [
    ['message.send', { text: 'well' }],
    ['message.send', { text: '' }],
    ['conversation.list', {}],
    ['no.such.thing', {}],
    ['typing.set', { typing: true }],
    ['conversation.sync', {}],
    ['hello', { protocol: 1 }],
  ] as const

  it('raw WebSocket', async () => {
    const person = await rawSocket(world.gateway)
    const answered: unknown[] = []
    person.socket.on('message', (data: Buffer) => answered.push((JSON.parse(data.toString()) as { id?: unknown }).id))
    await person.ask('hello', { protocol: 1, key: world.acme.publicKey, visitorId: 'D9 raw' })
    asked.forEach(([op, input], index) => person.socket.send(JSON.stringify({ id: `r${index}`, op, input })))
    await until(() => asked.every((_, index) => answered.includes(`r${index}`)), 'every answer')
    await quiet()
    expect(answered.filter((id) => typeof id === 'string').toSorted()).toEqual(asked.map((_, index) => `r${index}`))
  })

  it.each(['published', 'extended'])('Socket.IO, %s', async (protocol) => {
    const { publicKey: key } = world.acme
    const { socket } = await socketIo(
      world.gateway,
      protocol === 'extended'
        ? { auth: { protocol: 1, key, visitorId: 'D9' }, transports: ['websocket'] }
        : { query: { apiKey: key, visitorId: 'D9' }, transports: ['websocket'] },
    )
    // Acknowledgements as they come in, before the client would drop one that it did not ask for.
    const acknowledged: string[] = []
    socket.io.engine.on('packet', ({ type, data }: { type: string; data?: unknown }) => {
      const acknowledgement = type === 'message' && typeof data === 'string' ? /^3(\d+)/u.exec(data)?.[1] : undefined
      if (acknowledgement !== undefined) acknowledged.push(acknowledgement)
    })
    const said =
      protocol === 'extended'
        ? asked
        : ([
            ['send_message', { message: 'well' }],
            ['send_message', {}],
            ['nothing', {}],
          ] as const)
    await Promise.all(said.map(([op, input]) => socket.timeout(5000).emitWithAck(op, input)))
    await quiet()
    expect(acknowledged.toSorted()).toEqual(said.map((_, index) => String(index)))
  })
})

// Last, since it takes Redis away from this file's world.
describe('D7 Redis is gone', () => {
  it.each(names)('%s: acknowledged, and heard by an agent', async (road) => {
    const visitorId = `D7 ${road}`
    const [visitor, listener] = [await roads[road](visitorId), await agent()]
    await world.redis.kill()
    const answer = await visitor.send('nevertheless')
    expect(answer).toMatchObject({ id: expect.stringMatching(/^msg_/u) })
    expect(await textsOf(visitorId)).toEqual(['nevertheless'])
    await until(() => saying(listener, 'nevertheless').length > 0, 'the message', 15_000)
    await world.redis.restart()
    await quiet()
    expect(saying(listener, 'nevertheless')).toHaveLength(1)
  })
})
