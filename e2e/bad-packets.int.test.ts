/** Whatever a socket is sent is answered, with a code; the socket stays open. What is no protocol at all: hostile-clients. */
import { beforeAll, expect, it } from 'vitest'
import { hear, rawSocket, socketIo, until } from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld({ env: { LIMITS: 'off' } })
})
const good = () => ({ apiKey: world.acme.publicKey, visitorId: 'bad packets', message: 'hello' })

it('role=agent with a public key is refused', async () => {
  await expect(socketIo(world.gateway, { query: { ...good(), role: 'agent' } })).rejects.toMatchObject({
    data: { code: 'access.denied' },
  })
})
it.each([2, 'x', 0, [], { toString: 1 }])('protocol %j is outdated', async (protocol) => {
  await expect(
    socketIo(world.gateway, { auth: { protocol, key: world.acme.publicKey, visitorId: 'v' } }),
  ).rejects.toMatchObject({ data: { code: 'protocol.outdated' } })
})
it.each(['visitorToken', 'ticket'])('a %s in the address is refused: secrets do not travel there', async (name) => {
  const query = { apiKey: world.acme.publicKey, visitorId: 'v', [name]: 'x'.repeat(43) }
  await expect(socketIo(world.gateway, { query })).rejects.toMatchObject({ data: { code: 'request.invalid' } })
})
it('unknown events are answered, with and without an acknowledgement', async () => {
  const { socket, heard } = await socketIo(world.gateway, { query: { apiKey: world.acme.publicKey, visitorId: 'v' } })
  for (const name of ['no_such', '__proto__', 'message.send'])
    expect(await socket.timeout(3000).emitWithAck(name, {})).toMatchObject({
      success: false,
      error: { code: 'request.unknown' },
    })
  // Stock clients send no such name; anybody who writes packets by hand can.
  expect(await socket.timeout(3000).emitWithAck(5 as unknown as string, {})).toMatchObject({
    success: false,
    error: { code: 'request.unknown' },
  })
  socket.emit('no_such')
  expect((await hear({ heard }, 'error_message')).data).toMatchObject({ error: { code: 'request.unknown' } })
  for (const payload of [undefined, null, 7, 'text', [], Buffer.from('x')])
    expect(await socket.timeout(3000).emitWithAck('send_message', payload)).toMatchObject({
      success: false,
      error: { code: 'request.invalid' },
    })
  expect(await socket.timeout(3000).emitWithAck('send_message')).toMatchObject({ success: false })
  expect(await socket.timeout(3000).emitWithAck('send_message', { message: 'x'.repeat(500_000) })).toMatchObject({
    success: false,
    error: { code: 'request.invalid' },
  })
  expect(socket.connected).toBe(true)
})
it('raw frames of every kind are answered', async () => {
  const person = await rawSocket(world.gateway)
  expect(await person.ask('message.send', { text: 'before hello' })).toMatchObject({
    ok: false,
    error: { code: 'auth.missing' },
  })
  for (const frame of ['not json', '7', 'null', '[]', '{}', '{"op":"hello"}', Buffer.from([1, 2, 3])]) {
    person.replies.clear()
    person.socket.send(frame)
    expect(await until(() => person.replies.get(null))).toMatchObject({
      ok: false,
      error: { code: 'request.invalid' },
    })
  }
  person.socket.send('{"id":"mine"}')
  expect(await until(() => person.replies.get('mine'))).toMatchObject({
    ok: false,
    error: { code: 'request.invalid' },
  })
  expect(await person.ask('hello', { protocol: 1, key: world.acme.publicKey, visitorId: 'v' })).toMatchObject({
    ok: true,
  })
  expect(await person.ask('hello', { protocol: 1 })).toMatchObject({ ok: false, error: { code: 'request.invalid' } })
  expect(await person.ask('no.such')).toMatchObject({ ok: false, error: { code: 'request.unknown' } })
  expect(person.socket.readyState).toBe(person.socket.OPEN)
})
it('other addresses than /ws take no WebSocket', async () => {
  const response = await fetch(`${world.gateway}/nothing`)
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 404,
    body: { error: { code: 'request.unknown' } },
  })
})
