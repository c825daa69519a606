/** D9: the api that is told to end answers what it has taken before it goes. */
import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { startService } from '@dosti/testkit'
import pg from 'pg'
import { expect, it } from 'vitest'
import { post } from './support/people.ts'
import { startWorld } from './support/world.ts'

/** A request over a line that is kept, as a busy back end has one; its status and its headers. */
function send(agent: Agent, url: string, body: unknown): Promise<{ status: number; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, connection: answer.headers.connection }))
    })
    asked.once('error', reject)
    asked.end(JSON.stringify(body))
  })
}

it('D9 SIGTERM: sends under way and a poll that is held are answered, then it ends', async () => {
  const world = await startWorld({ gateways: 0, env: { LIMITS: 'off' } })
  const key = { apiKey: world.acme.publicKey }
  const api = await startService('apps/api/src/main.ts', world.env)
  await post(`${api.url}/api/chat/send`, { ...key, visitorId: 'locked', message: 'first' })
  const agent = new Agent({ keepAlive: true })
  const lock = new pg.Client(world.databaseUrl)
  await lock.connect()
  await lock.query(`BEGIN; SELECT FROM visitor WHERE visitor_id = 'locked' FOR UPDATE`)
  const sending = send(agent, `${api.url}/api/chat/send`, { ...key, visitorId: 'locked', message: 'second' })
  const polling = send(agent, `${api.url}/api/chat/poll`, { ...key, visitorId: 'held', lastTimestamp: 1, wait: 25 })
  await wait(300)
  const started = Date.now()
  const ended = api.stop()
  await wait(300)
  await lock.query('COMMIT')
  await lock.end()
  expect(await Promise.all([sending, polling])).toEqual([
    { status: 200, connection: 'close' },
    { status: 200, connection: 'close' },
  ])
  expect(await ended).toMatchObject({ code: 0 })
  expect(Date.now() - started).toBeLessThan(5000)
  const { body } = await post(`${world.api}/api/chat/poll`, { ...key, visitorId: 'locked' })
  expect(body['messages']).toHaveLength(2)
})
