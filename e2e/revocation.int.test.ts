/** P4: what was revoked is cut within two seconds, on every node. */
import { once } from 'node:events'
import { beforeAll, describe, expect, it } from 'vitest'
import { overRest, overSocketIo, overWebSocket, post, signIn, socketIo, ticketOf, until } from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld({ gateways: 2, env: { LIMITS: 'off' } })
})
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
    const started = Date.now()
    await world.sql(
      `UPDATE public_key SET revoked_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint WHERE key = $1`,
      [key],
    )
    const [code] = await gone
    expect(code).toBe(4401)
    expect(await reason).toMatchObject({ data: { code: 'key.revoked' } })
    expect(Date.now() - started).toBeLessThan(2500)
    expect(stays.socket.connected).toBe(true)
    expect(await post(`${world.api}/api/chat/send`, { apiKey: key, visitorId: 'revoked', message: 'x' })).toMatchObject(
      { status: 401, body: { error: { code: 'key.revoked' } } },
    )
    // A poll that was held back when the key went hears nothing of what came after.
    await stays.ask('message.send', { text: 'for the other key' })
    expect(await held).toMatchObject({ status: 401, body: { success: false, error: { code: 'key.revoked' } } })
  })

  it('a session that expires is cut as well', async () => {
    const cookie = await signIn(world.api, world.acme.agents[0])
    const person = await overSocketIo(nodes()[0], { ticket: await ticketOf(world.api, cookie) })
    await world.sql(
      `UPDATE session SET expires_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + 500 WHERE agent_id = 'agt_aisha' AND revoked_at IS NULL`,
    )
    await until(() => !person.socket.connected, 'the cut', 3000)
  })
})
