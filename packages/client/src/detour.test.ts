import type { Welcome } from '@dosti/contracts'
import { describe, expect, test } from 'vitest'
import { createFakeConnection } from '../testing/fake-connection.ts'
import { AGENT, MemoryStream, VISITOR } from '../testing/memory-stream.ts'
import { createTestClock, settle } from '../testing/test-clock.ts'
import { createConnection, type ConnectionOptions } from './connection.ts'
import { createInbox } from './inbox.ts'
import { memoryStorage } from './key-value-store.ts'
import type { LineHandlers } from './line.ts'
import { createOutbox } from './outbox.ts'
import { RequestError, unreachable } from './request-error.ts'
import { openThread } from './thread.ts'
import { freeTurns } from './turns.ts'
import { createTypingSignal } from './typing.ts'

const WELCOME: Welcome = { protocol: 1, now: 0, visitorId: 'vis_1' }
const refusal = (code: RequestError['code'], retryAfterMs?: number) =>
  new RequestError({ code, message: code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })

/** A gateway that no line reaches, and an api that answers or throws. */
function world(options: Partial<ConnectionOptions> = {}) {
  const clock = createTestClock()
  const dialed: LineHandlers[] = []
  const api: { fault: RequestError | null; welcomes: number; asked: string[] } = { fault: null, welcomes: 0, asked: [] }
  const answer = <T>(value: T) => (api.fault === null ? Promise.resolve(value) : Promise.reject(api.fault))
  const connection = createConnection({
    gateway: 'http://gateway.test',
    hello: async () => ({ key: 'k' }),
    clock,
    network: { online: () => true, watch: () => () => undefined },
    openLine: (_gateway, _hello, handlers) => {
      dialed.push(handlers)
      const cancel = clock.after(100, () => handlers.onEnd(unreachable()))
      return { emit: () => new Promise(() => undefined), heardAt: () => 0, close: cancel }
    },
    overHttp: {
      welcome: () => {
        api.welcomes += 1
        return answer(WELCOME)
      },
      request: (operation) => {
        api.asked.push(operation)
        return answer({} as never)
      },
    },
    ...options,
  })
  return { clock, connection, dialed, api }
}

const LIMITED = { kind: 'online', limited: true, welcome: WELCOME }

describe('where no line comes about', () => {
  test('after some seconds requests go over HTTP, and the line is tried on', async () => {
    const { clock, connection, dialed, api } = world()
    connection.connect()
    await clock.advance(5900)
    expect([connection.status.get().kind, api.welcomes]).toEqual(['reconnecting', 0])
    await clock.advance(200)
    expect(connection.status.get()).toEqual(LIMITED)
    await expect(connection.request('typing.set', { typing: true })).resolves.toEqual({})
    const before = dialed.length
    await clock.advance(60_000)
    expect(dialed.length).toBeGreaterThan(before)
    expect(connection.status.get()).toEqual(LIMITED)
    expect([api.welcomes, api.asked]).toEqual([1, ['typing.set']])
  })

  test('a request that waited for the line goes over HTTP once that is found', async () => {
    const { clock, connection } = world()
    connection.connect()
    const asked = connection.request('typing.set', { typing: true })
    await clock.advance(7000)
    await expect(asked).resolves.toEqual({})
  })

  test('the line takes over as soon as it is there', async () => {
    const { clock, connection, dialed } = world()
    connection.connect()
    await clock.advance(7000)
    connection.connect()
    await settle()
    dialed.at(-1)?.onWelcome(WELCOME)
    expect(connection.status.get()).toEqual({ ...LIMITED, limited: false })
  })

  test('a line that comes in time asks nothing over HTTP', async () => {
    const { clock, connection, dialed, api } = world()
    connection.connect()
    await settle()
    dialed[0]?.onWelcome(WELCOME)
    connection.close()
    await clock.advance(60_000)
    expect(api.welcomes).toBe(0)
    expect(clock.pending()).toBe(0)
  })

  test('HTTP that does not come through either is tried again, waiting as long as it asks', async () => {
    const { clock, connection, api } = world()
    api.fault = refusal('service.unavailable', 20_000)
    connection.connect()
    await clock.advance(25_900)
    expect([connection.status.get().kind, api.welcomes]).toEqual(['reconnecting', 1])
    api.fault = null
    await clock.advance(200)
    expect(connection.status.get()).toEqual(LIMITED)
  })

  test('HTTP that breaks is said, and looked for again; a refusal alone does not break it', async () => {
    const { clock, connection, api } = world()
    connection.connect()
    await clock.advance(7000)
    api.fault = refusal('service.unavailable', 1000)
    await expect(connection.request('typing.set', { typing: true })).rejects.toMatchObject({ retryAfterMs: 1000 })
    expect(connection.status.get()).toEqual(LIMITED)
    api.fault = unreachable()
    await expect(connection.request('typing.set', { typing: true })).rejects.toThrow()
    expect(connection.status.get().kind).toBe('reconnecting')
    api.fault = null
    await clock.advance(7000)
    expect(connection.status.get()).toEqual(LIMITED)
  })

  test('a key that is revoked meanwhile ends it, found or not', async () => {
    for (const patience of [5000, 7000]) {
      const { clock, connection, api } = world()
      connection.connect()
      await clock.advance(patience)
      api.fault = refusal('key.revoked')
      const asked = connection.request('typing.set', { typing: true }).catch(() => undefined)
      await clock.advance(2000)
      await asked
      expect(connection.status.get()).toMatchObject({ kind: 'refused', error: { code: 'key.revoked' } })
      expect(clock.pending()).toBe(0)
    }
  })

  test('credentials that are refused are renewed, then HTTP is looked for again', async () => {
    const { clock, connection, api } = world({
      onRefused: () => {
        api.fault = null
        return 'retry'
      },
    })
    api.fault = refusal('visitor.token_required')
    connection.connect()
    await clock.advance(7000)
    expect(connection.status.get().kind).not.toBe('refused')
    await clock.advance(7000)
    expect(connection.status.get()).toEqual(LIMITED)
    expect(api.welcomes).toBe(2)
  })
})

describe('while requests go over HTTP', () => {
  const say = (stream: MemoryStream, text: string) => stream.commit({ kind: 'message', from: AGENT, text })

  test('a thread asks every few seconds, more rarely while nothing comes, and no more once there is a line', async () => {
    const stream = new MemoryStream()
    stream.commit({ kind: 'message', from: VISITOR, text: 'hello' })
    const clock = createTestClock()
    const connection = createFakeConnection({
      'conversation.sync': (input) => stream.sync(input, 'visitor'),
      'conversation.resume': ({ threads }) => ({ threads: threads.map((point) => stream.resume(point, 'visitor')) }),
      'message.send': ({ text, clientMessageId = '' }) => {
        const event = stream.commit({ kind: 'message', from: VISITOR, text, clientMessageId }).at(-1)
        if (event === undefined) throw new Error('nothing committed')
        return { event }
      },
    })
    const outbox = createOutbox({ connection, clock, storage: memoryStorage(), scope: 'test', turns: freeTurns })
    const thread = openThread({ connection, clock, outbox, audience: 'visitor' })
    connection.limit()
    await settle()
    say(stream, 'an answer')
    await clock.advance(4000)
    expect(thread.view.get().events).toEqual(stream.log)
    thread.send('thanks')
    await settle()
    expect(thread.view.get().events).toEqual(stream.log)
    await clock.advance(60_000)
    say(stream, 'before the next one')
    thread.send('and?')
    await clock.advance(400)
    expect(thread.view.get().events).toEqual(stream.log)
    const asked = connection.asked.length
    await clock.advance(60_000)
    const polls = connection.asked.length - asked
    expect(polls).toBeGreaterThanOrEqual(5)
    expect(polls).toBeLessThanOrEqual(12)
    say(stream, 'told by nobody')
    connection.connect()
    await settle()
    expect(thread.view.get().events).toEqual(stream.log)
    expect(connection.asked.at(-1)?.operation).toBe('conversation.resume')
    expect(clock.pending()).toBe(0)
  })

  test('a thread waits while a token that was refused is renewed', async () => {
    const stream = new MemoryStream()
    const clock = createTestClock()
    const sync = (input: Parameters<MemoryStream['sync']>[0]) => stream.sync(input, 'visitor')
    const connection = createFakeConnection({
      'conversation.sync': sync,
      'conversation.resume': ({ threads }) => ({ threads: threads.map((point) => stream.resume(point, 'visitor')) }),
    })
    const outbox = createOutbox({ connection, clock, storage: memoryStorage(), scope: 'test', turns: freeTurns })
    const thread = openThread({ connection, clock, outbox, audience: 'visitor' })
    connection.limit()
    await settle()
    connection.answers['conversation.sync'] = () => {
      connection.cut()
      throw refusal('visitor.token_required')
    }
    await clock.advance(20_000)
    expect(connection.status.get().kind).toBe('reconnecting')
    expect(thread.view.get()).toMatchObject({ phase: 'ready', error: null })
    connection.answers['conversation.sync'] = sync
    say(stream, 'meanwhile')
    connection.limit()
    await settle()
    expect(thread.view.get().events).toEqual(stream.log)
  })

  test('the agents’ list asks too, and nobody is told who types', async () => {
    const stream = new MemoryStream()
    const clock = createTestClock()
    const connection = createFakeConnection({
      'conversation.list': () => ({ conversations: stream.head === null ? [] : [stream.head], next: null }),
    })
    const inbox = createInbox({ connection, clock })
    connection.limit()
    await settle()
    const typing = createTypingSignal({ connection, clock, visitorId: 'vis_1' })
    typing.input()
    say(stream, 'new')
    await clock.advance(6500)
    expect(inbox.view.get().conversations).toEqual([stream.head])
    expect(connection.asked.map(({ operation }) => operation)).toEqual(['conversation.list', 'conversation.list'])
    typing.close()
    inbox.close()
    expect(clock.pending()).toBe(0)
  })
})
