/** A flood of connections is refused before the upgrade, on every road in; what is held comes back, and the last is for agents. */
import { connect } from 'node:net'
import { startService } from '@dosti/testkit'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { overSocketIo, overWebSocket, signIn, ticketOf, until } from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})

const startGateway = async (limits: Record<string, string>): Promise<string> =>
  (await startService('apps/gateway/src/main.ts', { ...world.env, API_URL: world.api, NODE_NAME: 'full', ...limits }))
    .url
const visitor = (visitorId: string) => ({ key: world.acme.publicKey, visitorId })

/** The status and the wait of an upgrade that is refused; 101 if it is not. */
async function upgrade(gateway: string, path: string): Promise<{ status: number | undefined; retryAfter?: string }> {
  const socket = new WebSocket(`${gateway.replace('http', 'ws')}${path}`)
  onTestFinished(() => socket.terminate())
  return await new Promise((resolve, reject) => {
    socket.on('open', () => resolve({ status: 101 }))
    socket.on('unexpected-response', (_request, { statusCode, headers }) =>
      resolve({ status: statusCode, retryAfter: String(headers['retry-after']) }),
    )
    socket.on('error', reject)
  })
}

const SOCKET_IO = '/socket.io/?EIO=4&transport=websocket'
const POLLING = '/socket.io/?EIO=4&transport=polling'

describe('admission', () => {
  it('an address that holds its share gets 429 on every road, until it lets go', async () => {
    const gateway = await startGateway({ CONNECTIONS_PER_ADDRESS: '2' })
    await overWebSocket(gateway, visitor('first'))
    const second = await overSocketIo(gateway, visitor('second'))
    expect(await upgrade(gateway, '/ws')).toEqual({ status: 429, retryAfter: '10' })
    expect(await upgrade(gateway, SOCKET_IO)).toEqual({ status: 429, retryAfter: '10' })
    const polled = await fetch(`${gateway}${POLLING}`)
    expect(polled.status).toBe(429)
    expect(await polled.json()).toMatchObject({ ok: false, success: false, error: { code: 'rate.limited' } })
    second.socket.close()
    await until(async () => (await upgrade(gateway, '/ws')).status === 101, 'the place that was given up')
  })

  it('who hangs up on a refusal, or does not, costs nothing', async () => {
    const gateway = await startGateway({ CONNECTIONS_PER_ADDRESS: '1' })
    await overWebSocket(gateway, visitor('only'))
    const { port } = new URL(gateway)
    const ask = `GET ${SOCKET_IO} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
    for (let index = 0; index < 50; index += 1) {
      const socket = connect(Number(port), '127.0.0.1')
      socket.on('error', () => {})
      socket.write(ask, () => socket.resetAndDestroy())
    }
    const silent = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
    onTestFinished(() => void silent.destroy())
    const hungUp = new Promise((resolve) => silent.on('close', resolve).on('error', resolve))
    silent.write(ask)
    silent.resume()
    // It never ends its own side; what it writes then meets a connection that is gone.
    const writing = setInterval(() => silent.write('x'), 50)
    await hungUp
    clearInterval(writing)
    expect((await fetch(`${gateway}/healthz`)).status).toBe(200)
  })

  it('the last of a node is for agents, and beyond it there is 503 for everybody', async () => {
    const gateway = await startGateway({ CONNECTIONS_MAX: '20' })
    for (let index = 0; index < 19; index += 1) await overWebSocket(gateway, visitor(`guest ${index}`))
    await expect(overSocketIo(gateway, visitor('too many'))).rejects.toMatchObject({
      data: { code: 'service.unavailable' },
    })
    const cookie = await signIn(world.api, world.acme.agents[0])
    const agent = await overSocketIo(gateway, { ticket: await ticketOf(world.api, cookie) })
    expect(await agent.ask('conversation.list', { status: 'open' })).toMatchObject({ ok: true })
    expect((await upgrade(gateway, '/ws')).status).toBe(503)
  })
})
