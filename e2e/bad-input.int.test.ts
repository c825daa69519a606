/** Whatever is sent gets its code and status, on each road; never a 5xx, never silence, never a closed socket. */
import { TEXT_LENGTH_MAX } from '@dosti/contracts'
import { beforeAll, describe, expect, it } from 'vitest'
import { hear, overRest, overSocketIo, post, rawSocket, signIn, socketIo } from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
let revoked: string
beforeAll(async () => {
  world = await startWorld({ env: { LIMITS: 'off' } })
  revoked = `dosti_pub_${'r'.repeat(32)}`
  await world.sql('INSERT INTO public_key (workspace_id, key, revoked_at) VALUES ($1, $2, 1)', [world.acme.id, revoked])
})

const send = (body: unknown, headers?: Record<string, string>) => post(`${world.api}/api/chat/send`, body, headers)
const pollWith = (body: unknown) => post(`${world.api}/api/chat/poll`, body)
const good = () => ({ apiKey: world.acme.publicKey, visitorId: 'bad input', message: 'hello' })
const query = (fields: Record<string, unknown>) =>
  `?${Object.entries(fields)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&')}`
const chatError = (status: number, code: string) => ({
  status,
  body: { success: false, error: { code, message: expect.stringMatching(/\w/) } },
})

const keys: [string, unknown, string][] = [
  ['missing', undefined, 'key.missing'],
  ['empty', '', 'key.missing'],
  ['malformed', 'hello', 'key.malformed'],
  ['malformed by a character', `dosti_pub_${'x'.repeat(31)}`, 'key.malformed'],
  ['unknown', `dosti_pub_${'x'.repeat(32)}`, 'key.unknown'],
  ['revoked', 'REVOKED', 'key.revoked'],
]

describe.each(keys)('a key that is %s', (_name, given, code) => {
  const key = () => (given === 'REVOKED' ? revoked : given)
  it('over REST', async () => {
    expect(await send({ ...good(), apiKey: key() })).toMatchObject(chatError(401, code))
    expect(await pollWith({ ...good(), apiKey: key() })).toMatchObject(chatError(401, code))
    const got = await fetch(
      `${world.api}/api/chat/poll${query({ visitorId: 'v', ...(key() === undefined ? {} : { apiKey: key() }) })}`,
    )
    expect({ status: got.status, body: await got.json() }).toMatchObject(chatError(401, code))
  })
  it('over Socket.IO, published and extended', async () => {
    const refused = { data: { code, message: expect.any(String) } }
    const fields = { visitorId: 'v', ...(key() === undefined ? {} : { apiKey: key() }) }
    await expect(socketIo(world.gateway, { query: fields })).rejects.toMatchObject(refused)
    await expect(overSocketIo(world.gateway, { visitorId: 'v', key: key() })).rejects.toMatchObject(refused)
  })
  it('over a raw WebSocket, which stays open for another try', async () => {
    const person = await rawSocket(world.gateway)
    expect(await person.ask('hello', { protocol: 1, visitorId: 'v', key: key() })).toMatchObject({
      ok: false,
      error: { code },
    })
    expect(await person.ask('hello', { protocol: 1, visitorId: 'v', key: world.acme.publicKey })).toMatchObject({
      ok: true,
    })
  })
})

const ids: [string, unknown][] = [
  ['missing', undefined],
  ['empty', ''],
  ['a number', 7],
  ['null', null],
  ['an object', { not: '' }],
  ['an array', ['a']],
  ['129 characters', 'x'.repeat(129)],
  ['129 characters outside the basic plane', '💬'.repeat(129)],
  ['with a line break', 'a\nb'],
  ['with NUL', 'a\0b'],
  ['with a C1 control', 'a\u0085b'],
  ['with a lone surrogate', 'a\ud800'],
]

describe.each(ids)('a visitorId that is %s', (name, visitorId) => {
  it('is refused over REST and sockets', async () => {
    expect(await send({ ...good(), visitorId })).toMatchObject(chatError(400, 'request.invalid'))
    expect(await pollWith({ ...good(), visitorId })).toMatchObject(chatError(400, 'request.invalid'))
    const person = await rawSocket(world.gateway)
    expect(await person.ask('hello', { protocol: 1, visitorId, key: world.acme.publicKey })).toMatchObject({
      ok: false,
      error: { code: 'request.invalid' },
    })
    // A query string holds text alone, and a lone surrogate cannot be written in one.
    if ((typeof visitorId === 'string' || visitorId === undefined) && !name.includes('surrogate')) {
      await expect(
        socketIo(world.gateway, {
          query: { apiKey: world.acme.publicKey, ...(visitorId === undefined ? {} : { visitorId }) },
        }),
      ).rejects.toMatchObject({ data: { code: 'request.invalid' } })
    }
  })
})

it.each(['__proto__', 'constructor', 'toString', 'x'.repeat(128), '💬'.repeat(128), 'گاہک'])(
  'visitorId %s is an ordinary one',
  async (visitorId) => {
    expect(await send({ ...good(), visitorId })).toMatchObject({ status: 200, body: { success: true } })
    expect((await pollWith({ ...good(), visitorId })).body).toMatchObject({
      success: true,
      messages: [{ message: 'hello' }],
    })
  },
)

const messages: [string, unknown][] = [
  ['missing', undefined],
  ['empty', ''],
  ['white space', ' \n\t '],
  ['a number', 7],
  ['null', null],
  ['an object', { text: 'x' }],
  ['an array', ['x']],
  ['too long', 'x'.repeat(TEXT_LENGTH_MAX + 1)],
  ['with NUL', 'a\0b'],
  ['with a lone surrogate', 'a\udc00'],
]

describe.each(messages)('a message that is %s', (_name, message) => {
  it('is refused over every road, and the socket stays open', async () => {
    expect(await send({ ...good(), message })).toMatchObject(chatError(400, 'request.invalid'))
    const { socket, heard } = await socketIo(world.gateway, {
      query: { apiKey: world.acme.publicKey, visitorId: 'bad input' },
    })
    expect(await socket.timeout(3000).emitWithAck('send_message', { type: 'saas', message })).toMatchObject({
      success: false,
      error: { code: 'request.invalid' },
    })
    socket.emit('send_message', { type: 'saas', message })
    expect((await hear({ heard }, 'error_message')).data).toMatchObject({
      success: false,
      error: { code: 'request.invalid' },
    })
    expect(await socket.timeout(3000).emitWithAck('send_message', { message: 'fine' })).toMatchObject({ success: true })
    const raw = await rawSocket(world.gateway)
    await raw.ask('hello', { protocol: 1, key: world.acme.publicKey, visitorId: 'bad input' })
    expect(await raw.ask('message.send', { text: message })).toMatchObject({
      ok: false,
      error: { code: 'request.invalid' },
    })
  })
})

it('the refusal of a long message says the limit', async () => {
  expect((await send({ ...good(), message: 'x'.repeat(5001) })).body).toMatchObject({
    error: { message: 'message must be at most 5000 characters.', details: [{ path: 'message' }] },
  })
  expect((await send({ ...good(), message: '💬'.repeat(5000) })).status).toBe(200)
})

describe('bodies', () => {
  const raw = async (init: RequestInit, path = '/api/chat/send') => {
    const response = await fetch(`${world.api}${path}`, { method: 'POST', ...init })
    return { status: response.status, body: await response.json() }
  }
  const json = { 'content-type': 'application/json' }
  it.each([
    ['broken JSON', { body: '{"apiKey":', headers: json }, 400, 'request.invalid'],
    ['no body', { headers: json }, 400, 'request.invalid'],
    [
      'a form',
      { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'request.media_type',
    ],
    ['plain text', { body: '{}', headers: { 'content-type': 'text/plain' } }, 415, 'request.media_type'],
    [
      'more than 64 kB',
      { body: JSON.stringify({ message: 'x'.repeat(70_000) }), headers: json },
      413,
      'request.too_large',
    ],
    ['an array', { body: '[]', headers: json }, 401, 'key.missing'],
    ['a number', { body: '7', headers: json }, 401, 'key.missing'],
    ['null', { body: 'null', headers: json }, 401, 'key.missing'],
    ['a poisoned prototype', { body: '{"__proto__":{"apiKey":"x"}}', headers: json }, 401, 'key.missing'],
  ])('%s', async (_name, init, status, code) => expect(await raw(init)).toMatchObject(chatError(status, code)))

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s to send is 405 and says what is taken', async (method) => {
    const response = await fetch(`${world.api}/api/chat/send`, { method })
    expect(response.headers.get('allow')).toBe('POST')
    expect({ status: response.status, body: await response.json() }).toMatchObject(chatError(405, 'request.method'))
  })
  it.each(['/api/chat/nothing', '/api/chat/', '/api/chat/send/x'])(
    '%s is unknown, in the words of its road',
    async (path) =>
      expect(await raw({ body: '{}', headers: json }, path)).toMatchObject(chatError(404, 'request.unknown')),
  )
  it.each(['/api/v1/no.such', '/api/v1/__proto__'])('%s is unknown, in the words of its road', async (path) =>
    expect(await raw({ body: '{}', headers: json }, path)).toMatchObject({
      status: 404,
      body: { ok: false, error: { code: 'request.unknown' } },
    }),
  )
  it('an address that is too long is refused in the words of every road', async () => {
    const response = await fetch(`${world.api}/api/chat/poll?visitorId=${'x'.repeat(20_000)}`)
    expect({ status: response.status, body: await response.json() }).toMatchObject({
      ...chatError(413, 'request.too_large'),
    })
  })
  it('a bare OPTIONS is answered without a body', async () => {
    const response = await fetch(`${world.api}/api/chat/send`, {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example' },
    })
    expect([response.status, await response.text()]).toEqual([204, ''])
  })
  it('the page of any site may ask, and read what it is answered, refusals too; its cookies stay out of it', async () => {
    const origin = 'https://shop.example'
    const asked = await fetch(`${world.api}/api/chat/send`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    })
    expect([asked.status, await asked.text()]).toEqual([204, ''])
    expect(asked.headers.get('access-control-allow-methods')).toBe('GET, POST')
    expect(asked.headers.get('access-control-allow-headers')).toContain('content-type')
    expect(asked.headers.get('access-control-max-age')).toBe('86400')
    const sent = (body: unknown) =>
      fetch(`${world.api}/api/chat/send`, {
        method: 'POST',
        headers: { origin, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const answers = [
      asked,
      await sent(good()),
      await sent({}),
      await fetch(`${world.api}/nowhere`, { headers: { origin } }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([204, 200, 401, 404])
    for (const { headers } of answers) {
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('access-control-allow-credentials')).toBe(null)
    }
  })
  it('an input that is no object is named as such', async () => {
    const cookie = await signIn(world.api, world.acme.agents[0])
    expect((await post(`${world.api}/api/v1/agent.list`, [], { cookie })).body).toMatchObject({
      error: { code: 'request.invalid', message: 'The request must be of the kind object, not array.' },
    })
  })
  it('unknown fields are ignored', async () =>
    expect(await send({ ...good(), more: { a: 1 } })).toMatchObject({ status: 200 }))
  it('a visitorName of any kind never refuses a message', async () => {
    for (const visitorName of [7, null, { a: 1 }, ['x'], '', 'x'.repeat(1000), 'a\0b\ud800'])
      expect(await send({ ...good(), visitorId: 'named', visitorName })).toMatchObject({ status: 200 })
    const [row] = await world.sql('SELECT name FROM visitor WHERE visitor_id = $1', ['named'])
    expect(row?.['name']).toBe('a b�')
  })
  it.each(['', 7, 'x'.repeat(129), 'a\nb', {}])('clientMessageId %j is refused', async (clientMessageId) =>
    expect(await send({ ...good(), clientMessageId })).toMatchObject(chatError(400, 'request.invalid')),
  )
})

describe('lastTimestamp', () => {
  it.each([-1, 'NaN', 'soon', '-5', true, [], {}, '1e999x'])('%j is refused', async (lastTimestamp) =>
    expect(await pollWith({ ...good(), lastTimestamp })).toMatchObject(chatError(400, 'request.invalid')),
  )
  it.each(['-1', 'NaN', 'tomorrow'])('%s is refused in a query', async (lastTimestamp) => {
    const response = await fetch(`${world.api}/api/chat/poll${query({ ...good(), lastTimestamp })}`)
    expect({ status: response.status, body: await response.json() }).toMatchObject(chatError(400, 'request.invalid'))
  })
  it('milliseconds, seconds and ISO 8601 mean the same; the future counts as a minute ago', async () => {
    const visitorId = 'timestamps'
    await send({ ...good(), visitorId })
    const before = Math.floor(Date.now() / 1000) - 5
    for (const lastTimestamp of [
      before * 1000,
      before,
      String(before),
      new Date(before * 1000).toISOString(),
      Date.now() + 86_400_000,
      1e308,
      '1e308',
    ]) {
      expect((await pollWith({ ...good(), visitorId, lastTimestamp })).body['messages']).toHaveLength(1)
    }
    const after = Math.floor(Date.now() / 1000)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    for (const lastTimestamp of [after + 1, (after + 1) * 1000])
      expect((await pollWith({ ...good(), visitorId, lastTimestamp })).body['messages']).toHaveLength(0)
  })
})

describe('operations over HTTP', () => {
  it('each refusal has the status of its code', async () => {
    const cookie = await signIn(world.api, world.acme.agents[0])
    const ask = (operation: string, input: unknown, headers = {}) =>
      post(`${world.api}/api/v1/${operation}`, input, headers)
    expect(await ask('agent.list', {})).toMatchObject({
      status: 401,
      body: { ok: false, error: { code: 'auth.missing' } },
    })
    expect(await ask('agent.list', {}, { cookie: 'dosti_test=forged' })).toMatchObject({
      status: 401,
      body: { error: { code: 'auth.expired' } },
    })
    expect(await ask('conversation.close', { visitorId: 'nobody' }, { cookie })).toMatchObject({
      status: 404,
      body: { error: { code: 'conversation.not_found' } },
    })
    expect(await ask('conversation.close', {}, { cookie })).toMatchObject({
      status: 400,
      body: { error: { code: 'request.invalid', details: [{ path: 'visitorId' }] } },
    })
    expect(await ask('agent.list', {}, { 'x-dosti-key': world.acme.publicKey })).toMatchObject({
      status: 403,
      body: { error: { code: 'access.denied' } },
    })
    expect(
      await overRest(world.api, { 'x-dosti-key': world.acme.publicKey, 'x-dosti-visitor': '%E0%A4%A' }).ask(
        'conversation.sync',
      ),
    ).toMatchObject({ error: { code: 'request.invalid' } })
  })
})

describe('what Postgres cannot hold', () => {
  it('is refused, or is beyond everything', async () => {
    const cookie = await signIn(world.api, world.acme.agents[0])
    const ask = async (operation: string, input: unknown, headers = {}) =>
      (await post(`${world.api}/api/v1/${operation}`, input, headers)).body
    const refused = { ok: false, error: { code: 'request.invalid' } }
    expect(await ask('session.start', { email: 'a\0b', password: 'x' })).toMatchObject(refused)
    await send({ ...good(), visitorId: 'beyond' })
    const agentId = 'agt_\0'
    expect(await ask('conversation.assign', { visitorId: 'beyond', agentId }, { cookie })).toMatchObject(refused)
    const visitor = overRest(world.api, { 'x-dosti-key': world.acme.publicKey, 'x-dosti-visitor': 'beyond' })
    for (const number of [2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
      expect(await visitor.ask('conversation.sync', { after: number })).toMatchObject({ data: { snapshot: true } })
      expect(await visitor.ask('conversation.resume', { threads: [{ seq: number }] })).toMatchObject({
        data: { threads: [{ status: 'resync_required' }] },
      })
      const input = { visitorId: 'beyond', after: 0, internalAfter: number }
      expect(await ask('conversation.sync', input, { cookie })).toMatchObject({ ok: true })
      expect(await ask('conversation.read', { visitorId: 'beyond', seq: number }, { cookie })).toMatchObject({
        ok: true,
      })
    }
  })
})

describe('an origin list', () => {
  it('keeps other pages out and lets programs without an origin in', async () => {
    const listed = `dosti_pub_${'o'.repeat(32)}`
    await world.sql(
      `INSERT INTO public_key (workspace_id, key, allowed_origins) VALUES ($1, $2, '{https://shop.example}')`,
      [world.acme.id, listed],
    )
    const body = { ...good(), apiKey: listed }
    expect(await send(body, { origin: 'https://evil.example' })).toMatchObject(chatError(403, 'origin.denied'))
    expect(await send(body, { origin: 'https://shop.example.evil.example' })).toMatchObject(
      chatError(403, 'origin.denied'),
    )
    expect(await send(body, { origin: 'null' })).toMatchObject(chatError(403, 'origin.denied'))
    expect(await send(body, { origin: 'https://shop.example' })).toMatchObject({ status: 200 })
    expect(await send(body)).toMatchObject({ status: 200 })
    await expect(
      socketIo(world.gateway, {
        query: { apiKey: listed, visitorId: 'v' },
        extraHeaders: { origin: 'https://evil.example' },
      }),
    ).rejects.toMatchObject({ data: { code: 'origin.denied' } })
  })
})
