/** P4: what was revoked is cut within two seconds, on every node. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { digest, randomToken } from '@dosti/runtime'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  overRest,
  overSocketIo,
  overWebSocket,
  post,
  quiet,
  signIn,
  socketIo,
  ticketOf,
  until,
} from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

/** A text frame as a client sends it, with a mask of zeros (RFC 6455, 5.2). */
function maskedText(text: string): Buffer {
  const payload = Buffer.from(text)
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

let world: World
beforeAll(async () => {
  world = await startWorld({ gateways: 2, env: { LIMITS: 'off' } })
})
/** As long may a look-up from before the revocation be believed. */
const LOOK_UPS_BELIEVED_MS = 1000
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint'
const nodes = () => world.gateways.map(({ url }) => url) as [string, string]

describe('P4 revoking', () => {
  it('a session cuts its sockets on both nodes; a colleague stays', async () => {
    const cookie = await signIn(world.api, world.acme.agents[0])
    const other = await signIn(world.api, world.acme.agents[1])
    const [first, second] = nodes()
    const near = await overSocketIo(first, { ticket: await ticketOf(world.api, cookie) })
    const far = await overWebSocket(second, { ticket: await ticketOf(world.api, cookie) })
    const colleague = await overSocketIo(first, { ticket: await ticketOf(world.api, other) })
    const gone = Promise.all([once(far.socket, 'close'), until(() => !near.socket.connected, 'the cut')])
    const started = Date.now()
    await overRest(world.api, { cookie }).ask('session.end')
    await gone
    expect(Date.now() - started).toBeLessThan(2000)
    expect(colleague.socket.connected).toBe(true)
  })

  it('a key cuts its visitors, who are then told why; another key works on', async () => {
    const key = `dosti_pub_${'k'.repeat(32)}`
    await world.sql('INSERT INTO public_key (workspace_id, key) VALUES ($1, $2)', [world.acme.id, key])
    const [first, second] = nodes()
    const published = await socketIo(first, {
      query: { apiKey: key, visitorId: 'revoked' },
      reconnection: true,
      reconnectionDelay: 50,
    })
    const raw = await overWebSocket(second, { key, visitorId: 'revoked' })
    const stays = await overSocketIo(second, { key: world.acme.publicKey, visitorId: 'revoked' })
    const held = post(`${world.api}/api/chat/poll`, { apiKey: key, visitorId: 'revoked', lastTimestamp: 1, wait: 25 })
    const reason = new Promise((resolve) => published.socket.once('connect_error', resolve))
    const gone = once(raw.socket, 'close')
    const cut = new Promise((resolve) => published.socket.once('disconnect', resolve))
    const started = Date.now()
    await world.sql(`UPDATE public_key SET revoked_at = ${NOW} WHERE key = $1`, [key])
    const [[code]] = await Promise.all([gone, cut])
    expect(Date.now() - started).toBeLessThan(2000)
    expect(code).toBe(4401)
    expect(await reason).toMatchObject({ data: { code: 'key.revoked' } })
    expect(stays.socket.connected).toBe(true)
    expect(await post(`${world.api}/api/chat/send`, { apiKey: key, visitorId: 'revoked', message: 'x' })).toMatchObject(
      { status: 401, body: { error: { code: 'key.revoked' } } },
    )
    // A poll that was held back when the key went hears nothing of what came after.
    await stays.ask('message.send', { text: 'for the other key' })
    expect(await held).toMatchObject({ status: 401, body: { success: false, error: { code: 'key.revoked' } } })
  })

  it("a visitor's token cuts the devices that came with it; another token of the visitor works on", async () => {
    const [first, second] = nodes()
    const { id, publicKey: key } = world.acme
    const { body } = await post(`${world.api}/api/v1/visitor.create`, {}, { 'x-dosti-key': key })
    const { visitorId, visitorToken } = body['data'] as { visitorId: string; visitorToken: string }
    const other = randomToken()
    await world.sql('INSERT INTO visitor_token (workspace_id, visitor_id, digest) VALUES ($1, $2, $3)', [
      id,
      visitorId,
      digest(other),
    ])
    const near = await overSocketIo(first, { key, visitorId, visitorToken })
    const far = await overWebSocket(second, { key, visitorId, visitorToken })
    const stays = await overWebSocket(first, { key, visitorId, visitorToken: other })
    const gone = Promise.all([once(far.socket, 'close'), until(() => !near.socket.connected, 'the cut')])
    const started = Date.now()
    await world.sql(`UPDATE visitor_token SET revoked_at = ${NOW} WHERE visitor_id = $1 AND digest = $2`, [
      visitorId,
      digest(visitorToken),
    ])
    const [[code]] = await gone
    expect(code).toBe(4401)
    expect(Date.now() - started).toBeLessThan(2000)
    expect((await stays.ask('message.send', { text: 'still here' })).ok).toBe(true)
    await quiet(LOOK_UPS_BELIEVED_MS)
    await expect(overSocketIo(second, { key, visitorId, visitorToken })).rejects.toMatchObject({
      data: { code: 'visitor.token_required' },
    })
  })

  it('whoever does not answer the goodbye can do nothing more either', async () => {
    const { id, publicKey } = world.acme
    const key = `dosti_pub_${'g'.repeat(32)}`
    await world.sql('INSERT INTO public_key (workspace_id, key) VALUES ($1, $2)', [id, key])
    const stubborn = await overWebSocket(nodes()[0], { key, visitorId: 'stubborn' })
    const witness = await overWebSocket(nodes()[0], { key: publicKey, visitorId: 'stubborn' })
    // From here on it writes by hand: the library would answer the close frame and say no more.
    const { _socket: line } = stubborn.socket as unknown as { _socket: Socket }
    const ended = once(line, 'close')
    line.removeAllListeners('data')
    const bytes: Buffer[] = []
    line.on('data', (data: Buffer) => bytes.push(data))
    const started = Date.now()
    await world.sql(`UPDATE public_key SET revoked_at = ${NOW} WHERE key = $1`, [key])
    await until(() => Buffer.concat(bytes).includes('revoked'), 'the goodbye')
    line.write(maskedText(JSON.stringify({ id: 'last', op: 'message.send', input: { text: 'too late' } })))
    await ended
    expect(Date.now() - started).toBeLessThan(2000)
    expect(await witness.ask('conversation.sync')).toMatchObject({ ok: true, data: { events: [] } })
  })

  it('a membership cuts all sessions of an agent, who cannot sign in any more', async () => {
    const leaving = { ...world.acme.agents[0], email: 'leaving@acme.example' }
    await world.sql(
      `INSERT INTO agent (workspace_id, id, name, email, password_hash)
       SELECT workspace_id, 'agt_leaving', 'Lea', $2, password_hash FROM agent WHERE email = $1`,
      [world.acme.agents[0].email, leaving.email],
    )
    const [first, second] = nodes()
    const cookies = [await signIn(world.api, leaving), await signIn(world.api, leaving)] as const
    const near = await overSocketIo(first, { ticket: await ticketOf(world.api, cookies[0]) })
    const far = await overWebSocket(second, { ticket: await ticketOf(world.api, cookies[1]) })
    const gone = Promise.all([once(far.socket, 'close'), until(() => !near.socket.connected, 'the cut')])
    const started = Date.now()
    await world.sql(`UPDATE agent SET removed_at = ${NOW}, available = false WHERE id = 'agt_leaving'`)
    await gone
    expect(Date.now() - started).toBeLessThan(2000)
    expect(
      await post(`${world.api}/api/v1/session.start`, { email: leaving.email, password: leaving.password }),
    ).toMatchObject({
      status: 401,
      body: { error: { code: 'auth.invalid' } },
    })
    await quiet(LOOK_UPS_BELIEVED_MS)
    expect(
      await overRest(world.api, { cookie: cookies[0] }).ask('conversation.list', { status: 'open' }),
    ).toMatchObject({ ok: false, error: { code: 'auth.expired' } })
  })

  it('a session that expires is cut as well', async () => {
    const cookie = await signIn(world.api, world.acme.agents[0])
    const person = await overSocketIo(nodes()[0], { ticket: await ticketOf(world.api, cookie) })
    await world.sql(`UPDATE session SET expires_at = ${NOW} + 500 WHERE agent_id = 'agt_aisha' AND revoked_at IS NULL`)
    await until(() => !person.socket.connected, 'the cut', 2500)
  })
})
