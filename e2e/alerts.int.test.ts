/** A visitor writes where nobody attends: the agents on duty are alerted at once and again, once each, whatever died. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { startService, type RunningService } from '@dosti/testkit'
import pg from 'pg'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hear, overRest, overSocketIo, post, quiet, signIn, ticketOf, until, type Person } from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
let aisha: Person
let bilal: Person
let worker: RunningService
beforeAll(async () => {
  world = await startWorld({ env: { LIMITS: 'off' } })
  worker = await startWorker()
})
beforeEach(async () => {
  await world.sql('UPDATE agent SET available = true')
  // Who connects hears of everybody who waits.
  await world.sql('UPDATE visitor SET read_by_agents = 1000, unread = 0')
  aisha = await agent(0)
  bilal = await agent(1)
})

const agent = async (index: 0 | 1): Promise<Person> => {
  const cookie = await signIn(world.api, world.acme.agents[index])
  return overSocketIo(world.gateway, { ticket: await ticketOf(world.api, cookie) })
}
const startWorker = () => startService('apps/worker/src/main.ts', world.env)
const write = (visitorId: string, message = 'Is anybody there?') =>
  post(`${world.api}/api/chat/send`, { apiKey: world.acme.publicKey, visitorId, visitorName: 'Sana', message })
const alerts = (person: Person, visitorId: string) =>
  person.heard.filter(({ name, data }) => name === 'alert.raised' && data['visitorId'] === visitorId)
const rows = (visitorId: string) =>
  world.sql('SELECT step, status FROM alert WHERE visitor_id = $1 ORDER BY step', [visitorId])
/** Brings the second ring forward, as thirty seconds would: the row is the truth; with its job flushed, the sweep finds it. */
const hurry = async () => {
  await world.sql('UPDATE alert SET due_at = due_at - 60000 WHERE step = 2')
  await redis('FLUSHALL')
}
/** A command in the words of Redis' own protocol, and its answer in one line. */
const redis = async (...words: string[]): Promise<string> => {
  const { hostname, port } = new URL(world.redis.url)
  const socket = connect(Number(port), hostname)
  socket.write(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return answer.toString().trim()
}

describe('alerts', () => {
  it('ring at once for all on duty, and again, once each', async () => {
    await startWorker()
    const before = Date.now()
    await write('waiting')
    expect((await hear(aisha, 'alert.raised')).data).toMatchObject({
      visitorId: 'waiting',
      visitorName: 'Sana',
      text: 'Is anybody there?',
      step: 1,
    })
    expect(Date.now() - before).toBeLessThan(2000)
    await hear(bilal, 'alert.raised')
    await write('waiting', 'Hello?')
    await hurry()
    await until(() => alerts(aisha, 'waiting').length === 2, 'the second ring', 12_000)
    await quiet()
    expect(alerts(aisha, 'waiting').map(({ data }) => data['step'])).toEqual([1, 2])
    expect(alerts(bilal, 'waiting')).toHaveLength(2)
    expect(await rows('waiting')).toEqual([
      { step: 1, status: 'sent' },
      { step: 2, status: 'sent' },
    ])
  })

  it('only those on duty hear it, and a taken conversation rings for nobody', async () => {
    await bilal.ask('availability.set', { available: false })
    await write('quiet one')
    await hear(aisha, 'alert.raised')
    await aisha.ask('conversation.assign', { visitorId: 'quiet one', agentId: 'agt_aisha' })
    await write('quiet one', 'again')
    await hurry()
    await until(async () => (await rows('quiet one'))[1]?.['status'] === 'cancelled', 'the cancelled ring', 12_000)
    expect(alerts(aisha, 'quiet one')).toHaveLength(1)
    expect(alerts(bilal, 'quiet one')).toHaveLength(0)
    // Away again: her conversation is attended by nobody.
    await aisha.ask('availability.set', { available: false })
    await bilal.ask('availability.set', { available: true })
    await write('quiet one', 'and now?')
    expect((await hear(bilal, 'alert.raised')).data).toMatchObject({ visitorId: 'quiet one' })
  })

  it.each([
    ['a reply', (person: Person, visitorId: string) => person.ask('message.send', { visitorId, text: 'Here!' })],
    ['a read', (person: Person, visitorId: string) => person.ask('conversation.read', { visitorId, seq: 2 })],
    ['a close', (person: Person, visitorId: string) => person.ask('conversation.close', { visitorId })],
  ])('%s cancels what is still due', async (name, react) => {
    const visitorId = `reacted by ${name}`
    await write(visitorId)
    await hear(aisha, 'alert.raised')
    await react(aisha, visitorId)
    await hurry()
    await until(async () => (await rows(visitorId))[1]?.['status'] === 'cancelled', 'the cancelled ring', 12_000)
    expect(alerts(bilal, visitorId)).toHaveLength(1)
  })

  it('D7 a worker that dies while an alert is due loses nothing and doubles nothing', async () => {
    await write('patient')
    await hear(aisha, 'alert.raised')
    await worker.kill()
    await hurry()
    await write('newcomer')
    worker = await startWorker()
    await until(
      () => alerts(aisha, 'patient').length === 2 && alerts(aisha, 'newcomer').length === 1,
      'the alerts after the restart',
      12_000,
    )
    await quiet()
    expect(alerts(aisha, 'patient').map(({ data }) => data['step'])).toEqual([1, 2])
    expect(alerts(aisha, 'newcomer')).toHaveLength(1)
  })

  it('D7 a worker that dies while it rings leaves the ring to the next one', async () => {
    await write('cut short')
    await hear(aisha, 'alert.raised')
    const lock = new pg.Client(world.databaseUrl)
    await lock.connect()
    await hurry()
    await lock.query(`BEGIN; SELECT FROM alert WHERE visitor_id = 'cut short' AND step = 2 FOR UPDATE`)
    await until(async () => (await redis('LLEN', 'dosti:alerts:active')) === ':1', 'the ring', 12_000)
    await worker.kill()
    // What it asked of Postgres goes on without it, as long as its time-out.
    await wait(1500)
    await lock.query('COMMIT')
    await lock.end()
    worker = await startWorker()
    await until(() => alerts(aisha, 'cut short').length === 2, 'the second ring', 20_000)
    await quiet()
    expect(alerts(aisha, 'cut short').map(({ data }) => data['step'])).toEqual([1, 2])
  }, 45_000)

  it('D7 a flushed Redis delays an alert, it does not lose it', async () => {
    await write('flushed')
    await hear(aisha, 'alert.raised')
    await world.redis.kill()
    await world.redis.restart()
    await hurry()
    await until(() => alerts(aisha, 'flushed').length === 2, 'the second ring', 15_000)
  })

  it('D7 who connects after it rang hears it, once', async () => {
    await write('early')
    await hear(aisha, 'alert.raised')
    const late = await agent(0)
    await until(() => alerts(late, 'early').length === 1, 'the alert on connecting', 5000)
    await quiet(3000)
    expect([aisha, late].map((connection) => alerts(connection, 'early').length)).toEqual([1, 1])
  })

  it('D7 an alert whose push was lost is heard all the same', async () => {
    await write('unheard')
    await hear(aisha, 'alert.raised')
    await world.sql(
      `INSERT INTO alert (workspace_id, id, conversation_id, visitor_id, event_seq, step, due_at, status, finished_at)
       SELECT workspace_id, 'alr_lost', conversation_id, visitor_id, 1, 1, 0, 'sent', extract(epoch FROM now()) * 1000
       FROM visitor WHERE visitor_id = 'unheard'`,
    )
    const lost = (person: Person) => alerts(person, 'unheard').filter(({ data }) => data['alertId'] === 'alr_lost')
    await until(() => lost(aisha).length === 1, 'the alert without its push', 5000)
    await quiet(3000)
    expect([aisha, bilal].map(lost)).toEqual([[expect.anything()], [expect.anything()]])
  })

  it('two workers ring once', async () => {
    await startWorker()
    await Promise.all(Array.from({ length: 20 }, (_, index) => write(`crowd ${index}`)))
    await until(() => aisha.heard.filter(({ name }) => name === 'alert.raised').length >= 20, 'twenty alerts', 10_000)
    await quiet()
    expect(aisha.heard.filter(({ name }) => name === 'alert.raised')).toHaveLength(20)
  })

  it('P3 another workspace hears nothing', async () => {
    const cookie = await signIn(world.api, world.other.agents[0])
    const foreign = await overSocketIo(world.gateway, { ticket: await ticketOf(world.api, cookie) })
    await write('private')
    await hear(aisha, 'alert.raised')
    await quiet()
    expect(foreign.heard.filter(({ name }) => name !== 'welcome')).toEqual([])
    expect(await overRest(world.api, { cookie }).ask('conversation.list')).toMatchObject({
      ok: true,
      data: { conversations: [] },
    })
  })
})
