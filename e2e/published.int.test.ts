import { beforeAll, describe, expect, it } from 'vitest'
import { hear, overRest, overSocketIo, post, quiet, signIn, socketIo, ticketOf, type Person } from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
let cookie: string
beforeAll(async () => {
  world = await startWorld({ env: { LIMITS: 'off' } })
  cookie = await signIn(world.api, world.acme.agents[0])
})

const query = (visitorId: string, more = {}) => ({ apiKey: world.acme.publicKey, role: 'visitor', visitorId, ...more })
const agentAt = async (): Promise<Person> => overSocketIo(world.gateway, { ticket: await ticketOf(world.api, cookie) })
const poll = async (visitorId: string, more = ''): Promise<Record<string, unknown>> => {
  const response = await fetch(
    `${world.api}/api/chat/poll?apiKey=${world.acme.publicKey}&visitorId=${encodeURIComponent(visitorId)}${more}`,
  )
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, unknown>
}

describe('Socket.IO as the guide has it', () => {
  it.each([
    ['default transports', {}],
    ['websocket only', { transports: ['websocket'] }],
    ['polling only', { transports: ['polling'] }],
  ])('a message reaches the agent, the answer comes back: %s', async (_name, options) => {
    const id = `sio ${JSON.stringify(options)}`
    const agent = await agentAt()
    const { socket, heard } = await socketIo(world.gateway, {
      query: query(id, { visitorName: 'JohnDoe' }),
      ...options,
    })
    const reply = await socket
      .timeout(5000)
      .emitWithAck('send_message', { type: 'saas', message: 'Hello from a phone' })
    expect(reply).toEqual({
      success: true,
      id: expect.stringMatching(/^msg_/),
      timestamp: expect.any(Number),
      clientMessageId: null,
    })
    expect((await hear(agent, 'message.sent')).data).toMatchObject({
      visitorId: id,
      id: reply.id,
      actor: { name: 'JohnDoe' },
      data: { text: 'Hello from a phone' },
    })

    await agent.ask('typing.set', { visitorId: id, typing: true })
    expect((await hear({ heard }, 'partner_typing')).data).toEqual({ deviceId: 'agent' })
    await agent.ask('typing.set', { visitorId: id, typing: false })
    expect((await hear({ heard }, 'partner_stopped_typing')).data).toEqual({ deviceId: 'agent' })

    await agent.ask('message.send', { visitorId: id, text: 'Hi John!' })
    expect((await hear({ heard }, 'agent_joined')).data).toEqual({ visitorId: id, agentName: 'Aisha' })
    expect((await hear({ heard }, 'receive_message')).data).toMatchObject({
      visitorId: id,
      visitorName: 'Support',
      message: 'Hi John!',
    })
    await quiet()
    expect(heard.filter(({ name }) => name === 'receive_message')).toHaveLength(1)
    expect(heard.filter(({ name }) => name === 'message_sent')).toHaveLength(0)
  })

  it('works without an acknowledgement function, and without a role', async () => {
    const agent = await agentAt()
    const { socket } = await socketIo(world.gateway, { query: { apiKey: world.acme.publicKey, visitorId: 'no ack' } })
    socket.emit('send_message', { type: 'anything', message: 'fire and forget' })
    expect((await hear(agent, 'message.sent')).data).toMatchObject({ data: { text: 'fire and forget' } })
  })

  it('F1 the typing of a visitor reaches the agents', async () => {
    const agent = await agentAt()
    const { socket } = await socketIo(world.gateway, { query: query('typist') })
    socket.emit('typing', { type: 'saas' })
    expect((await hear(agent, 'typing.started')).data).toMatchObject({ visitorId: 'typist' })
    socket.emit('stop_typing', { type: 'saas' })
    await hear(agent, 'typing.stopped')
  })

  it('F1 a typing sign does not outlive its socket', async () => {
    const agent = await agentAt()
    const { socket } = await socketIo(world.gateway, { query: query('gone typist') })
    socket.emit('typing', {})
    await hear(agent, 'typing.started')
    socket.close()
    await hear(agent, 'typing.stopped')
  })

  it('D6 the other device learns of it, the sending one does not', async () => {
    const one = await socketIo(world.gateway, { query: query('two devices') })
    const two = await socketIo(world.gateway, { query: query('two devices') })
    const { id } = await one.socket.emitWithAck('send_message', { message: 'from one' })
    expect((await hear(two, 'message_sent')).data).toMatchObject({ id, message: 'from one', visitorId: 'two devices' })
    await quiet()
    expect(one.heard).toEqual([])
  })

  it('says again on connect that an agent is there', async () => {
    await post(`${world.api}/api/chat/send`, { apiKey: world.acme.publicKey, visitorId: 'back', message: 'x' })
    const agent = await agentAt()
    await agent.ask('conversation.join', { visitorId: 'back' })
    await agent.ask('conversation.join', { visitorId: 'back' })
    const { heard } = await socketIo(world.gateway, { query: query('back') })
    expect((await hear({ heard }, 'agent_joined')).data).toEqual({ visitorId: 'back', agentName: 'Aisha' })
    await quiet()
    expect(heard).toHaveLength(1)
  })

  it('a handshake writes nothing', async () => {
    await socketIo(world.gateway, { query: query('only looking', { visitorName: 'Nobody' }) })
    await quiet()
    expect(await world.sql('SELECT 1 FROM visitor WHERE visitor_id = $1', ['only looking'])).toEqual([])
  })

  it.each(['__proto__', 'constructor', 'صارف ۱۲', 'a@b.example', '💬'.repeat(128), 'with/slash?and&more'])(
    '%s is an ordinary id, echoed as given',
    async (id) => {
      const agent = await agentAt()
      const { socket, heard } = await socketIo(world.gateway, { query: query(id) })
      expect(await socket.emitWithAck('send_message', { message: 'hi' })).toMatchObject({ success: true })
      expect((await hear(agent, 'message.sent')).data['visitorId']).toBe(id)
      await agent.ask('message.send', { visitorId: id, text: 'hello' })
      expect((await hear({ heard }, 'receive_message')).data['visitorId']).toBe(id)
    },
  )
})

describe('REST as the guide has it', () => {
  it('sends, polls, and the answer arrives once', async () => {
    const agent = overRest(world.api, { cookie })
    const sent = await post(`${world.api}/api/chat/send`, {
      apiKey: world.acme.publicKey,
      visitorId: 'android_user_789',
      visitorName: 'John Doe',
      message: 'Hello!',
    })
    expect(sent.status).toBe(200)
    expect(sent.body).toEqual({
      success: true,
      id: expect.stringMatching(/^msg_/),
      timestamp: expect.any(Number),
      clientMessageId: null,
      message: {
        id: sent.body['id'],
        sender: 'visitor',
        senderName: 'You',
        message: 'Hello!',
        timestamp: sent.body['timestamp'],
      },
    })
    await agent.ask('message.send', { visitorId: 'android_user_789', text: 'Hi John!' })
    const all = await poll('android_user_789')
    expect(all).toMatchObject({
      success: true,
      hasMore: false,
      messages: [
        { sender: 'visitor', senderName: 'You', message: 'Hello!' },
        { sender: 'agent', senderName: 'Support', message: 'Hi John!' },
      ],
    })
    const next = await poll('android_user_789', `&lastTimestamp=${String(sent.body['timestamp'])}`)
    expect(next['messages']).toMatchObject([{ sender: 'agent' }])
    expect(await poll('android_user_789', `&lastTimestamp=${String(next['nextTimestamp'])}`)).toMatchObject({
      messages: [],
      nextTimestamp: next['nextTimestamp'],
    })
    const byPost = await post(`${world.api}/api/chat/poll`, {
      apiKey: world.acme.publicKey,
      visitorId: 'android_user_789',
      lastTimestamp: sent.body['timestamp'],
    })
    expect(byPost.body).toEqual(next)
  })

  it('an unknown visitor has no messages, and polling makes nobody', async () => {
    expect(await poll('nobody yet')).toEqual({ success: true, messages: [], nextTimestamp: 0, hasMore: false })
    expect(await world.sql('SELECT 1 FROM visitor WHERE visitor_id = $1', ['nobody yet'])).toEqual([])
  })

  it('D2 a repeat with the same id is the same message, over any road', async () => {
    const body = { apiKey: world.acme.publicKey, visitorId: 'repeater', message: 'once', clientMessageId: 'c1' }
    const first = await post(`${world.api}/api/chat/send`, body)
    const again = await post(
      `${world.api}/api/chat/send`,
      { ...body, clientMessageId: undefined },
      { 'idempotency-key': 'c1' },
    )
    expect(again.body).toEqual(first.body)
    const { socket } = await socketIo(world.gateway, { query: query('repeater') })
    expect(await socket.emitWithAck('send_message', { message: 'once', clientMessageId: 'c1' })).toMatchObject({
      success: true,
      id: first.body['id'],
    })
    const other = await post(`${world.api}/api/chat/send`, { ...body, message: 'another text' })
    expect(other).toMatchObject({ status: 409, body: { success: false, error: { code: 'message.conflict' } } })
    expect((await poll('repeater'))['messages']).toHaveLength(1)
  })

  it('a repeat without an id is a new message', async () => {
    const body = { apiKey: world.acme.publicKey, visitorId: 'insister', message: 'hello?' }
    await post(`${world.api}/api/chat/send`, body)
    await post(`${world.api}/api/chat/send`, body)
    expect((await poll('insister'))['messages']).toHaveLength(2)
  })

  it('a long poll answers when the answer comes, or after its time', async () => {
    const { body } = await post(`${world.api}/api/chat/send`, {
      apiKey: world.acme.publicKey,
      visitorId: 'patient',
      message: 'hello?',
    })
    const cursor = `&lastTimestamp=${String(body['timestamp'])}`
    const waiting = poll('patient', `${cursor}&wait=20`)
    await quiet()
    const started = Date.now()
    await overRest(world.api, { cookie }).ask('message.send', { visitorId: 'patient', text: 'here!' })
    expect((await waiting)['messages']).toMatchObject([{ message: 'here!' }])
    expect(Date.now() - started).toBeLessThan(2000)
    const last = `&lastTimestamp=${Date.now()}&wait=0.5`
    expect((await poll('patient', last))['messages']).toEqual([])
    const refused = await post(`${world.api}/api/chat/poll`, {
      apiKey: world.acme.publicKey,
      visitorId: 'patient',
      wait: 'long',
    })
    expect(refused).toMatchObject({ status: 400, body: { success: false, error: { code: 'request.invalid' } } })
  })

  it('D4 pages of 500 by cursor lose and double nothing', async () => {
    const rows = Array.from({ length: 501 }, (_, index) => `m${index}`)
    for (let from = 0; from < rows.length; from += 100) {
      await Promise.all(
        rows.slice(from, from + 100).map((clientMessageId) =>
          overRest(world.api, visitorHeaders('paged')).ask('message.send', {
            text: clientMessageId,
            clientMessageId,
          }),
        ),
      )
    }
    const first = await poll('paged', '&lastTimestamp=1')
    expect(first).toMatchObject({ hasMore: true, truncated: true })
    const second = await poll('paged', `&lastTimestamp=${String(first['nextTimestamp'])}`)
    const texts = [first, second].flatMap(({ messages }) =>
      (messages as { message: string }[]).map(({ message }) => message),
    )
    expect(second['hasMore']).toBe(false)
    expect(texts).toHaveLength(501)
    expect(new Set(texts)).toEqual(new Set(rows))
    // Without a cursor: the newest page, oldest first.
    const newest = (await poll('paged'))['messages'] as { message: string }[]
    expect(newest.map(({ message }) => message)).toEqual(texts.slice(1))
  })
})

const visitorHeaders = (visitorId: string) => ({
  'x-dosti-key': world.acme.publicKey,
  'x-dosti-visitor': encodeURIComponent(visitorId),
})
