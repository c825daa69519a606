import type { StoredEvent } from '@dosti/contracts'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFakeConnection, type FakeConnection } from '../testing/fake-connection.ts'
import { AGENT, AISHA, MemoryStream, VISITOR, type Happening } from '../testing/memory-stream.ts'
import { createTestClock, settle, type TestClock } from '../testing/test-clock.ts'
import { memoryStorage } from './key-value-store.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { RequestError, unreachable } from './request-error.ts'
import { openThread, type Thread } from './thread.ts'
import { freeTurns } from './turns.ts'

interface World {
  stream: MemoryStream
  connection: FakeConnection
  clock: TestClock
  outbox: Outbox
  thread: Thread
  /** Commits it and tells it. */
  happen: (happening: Happening) => StoredEvent[]
}

const say = (text: string, from = VISITOR): Happening => ({ kind: 'message', from, text })

function world(history: Happening[] = []): World {
  const stream = new MemoryStream()
  for (const happening of history) stream.commit(happening)
  const clock = createTestClock()
  const connection = createFakeConnection({
    'conversation.sync': (input) => stream.sync(input, 'agent'),
    'conversation.resume': ({ threads }) => ({ threads: threads.map((point) => stream.resume(point, 'agent')) }),
    'conversation.read': ({ seq }) => {
      stream.read('agents', seq)
      return { seq }
    },
    'message.send': ({ text, clientMessageId }) => {
      const event = stream.commit({ kind: 'message', from: AGENT, text, clientMessageId: clientMessageId ?? '' }).at(-1)
      if (event === undefined) throw new Error('nothing committed')
      return { event }
    },
  })
  const outbox = createOutbox({ connection, clock, storage: memoryStorage(), scope: 'test', turns: freeTurns })
  const thread = openThread({ connection, clock, outbox, audience: 'agent', visitorId: 'vis_1' })
  const happen = (happening: Happening) => {
    const events = stream.commit(happening)
    for (const event of events) connection.tellStored(event)
    return events
  }
  return { stream, connection, clock, outbox, thread, happen }
}

const syncs = (connection: FakeConnection) =>
  connection.asked.filter(({ operation }) => operation === 'conversation.sync')

describe('a thread', () => {
  test('loads once there is a connection and follows live events', async () => {
    const { stream, connection, thread, happen } = world([say('hello')])
    expect(thread.view.get().phase).toBe('loading')
    connection.connect()
    await settle()
    happen(say('again'))
    expect(thread.view.get()).toMatchObject({ phase: 'ready', gap: false, seq: 3 })
    expect(thread.view.get().events).toEqual(stream.log)
    expect(thread.view.get().conversation).toEqual(stream.head)
    expect(syncs(connection)).toHaveLength(1)
  })

  test('D5: a number that comes late costs no request; one that stays away costs one', async () => {
    const { stream, connection, clock, thread } = world([say('hello')])
    connection.connect()
    await settle()
    const [two] = stream.commit(say('two'))
    const [three] = stream.commit(say('three'))
    if (two === undefined || three === undefined) throw new Error('nothing committed')
    connection.tellStored(three)
    await clock.advance(100)
    connection.tellStored(two)
    await clock.advance(10_000)
    expect(syncs(connection)).toHaveLength(1)
    stream.commit(say('lost'))
    for (const event of stream.commit(say('told'))) connection.tellStored(event)
    expect(thread.view.get().gap).toBe(true)
    await clock.advance(200)
    expect(syncs(connection)).toHaveLength(2)
    expect(thread.view.get()).toMatchObject({ gap: false, events: stream.log })
  })

  test('D4: catches up after a break with all that followed, or with a fresh snapshot', async () => {
    const { stream, connection, thread } = world([say('hello')])
    connection.connect()
    await settle()
    for (const missed of [300, 600]) {
      connection.cut()
      for (let index = 0; index < missed; index += 1) stream.commit(say(`missed ${index}`))
      stream.commit({ kind: 'assign', to: AISHA })
      connection.connect()
      await settle()
      expect(thread.view.get().events).toEqual(missed === 300 ? stream.log : stream.log.slice(-50))
      expect(thread.view.get().conversation).toEqual(stream.head)
      expect(connection.asked.at(-1)?.operation).toBe('conversation.resume')
    }
  })

  test('a message is in exactly one of events and pending, at every moment', async () => {
    const { connection, thread } = world([say('hello')])
    const seen: number[] = []
    thread.view.subscribe(() => {
      const { events, pending } = thread.view.get()
      const stored = events.filter((event) => event.name === 'message.sent' && event.data.text === 'mine')
      seen.push(stored.length + pending.filter((message) => message.text === 'mine').length)
    })
    connection.connect()
    await settle()
    seen.length = 0
    thread.send('mine')
    await settle()
    expect(new Set(seen)).toEqual(new Set([1]))
    expect(thread.view.get().pending).toEqual([])
  })

  test('loads what is older, once', async () => {
    const { stream, connection, thread } = world(Array.from({ length: 80 }, (_, index) => say(`m${index}`)))
    connection.connect()
    await settle()
    expect(thread.view.get()).toMatchObject({ hasOlder: true })
    await Promise.all([thread.loadOlder(), thread.loadOlder()])
    expect(thread.view.get().events).toEqual(stream.log)
    expect(thread.view.get().hasOlder).toBe(false)
    expect(syncs(connection)).toHaveLength(2)
  })

  test('tells that all was read, once', async () => {
    const { stream, connection, clock, thread } = world([say('one'), say('two')])
    connection.connect()
    await settle()
    thread.markRead()
    thread.markRead()
    await clock.advance(2000)
    thread.markRead()
    expect(connection.asked.filter(({ operation }) => operation === 'conversation.read')).toHaveLength(1)
    expect(thread.view.get().conversation).toEqual(stream.head)
    expect(thread.view.get().conversation?.unread).toBe(0)
  })

  const marks = (connection: FakeConnection) =>
    connection.asked.flatMap(({ operation, input }) =>
      operation === 'conversation.read' ? [(input as { seq: number }).seq] : [],
    )

  test('a mark that was refused for now is told again by itself, and no more than what was seen', async () => {
    const { stream, connection, clock, thread, happen } = world([say('one')])
    const { 'conversation.read': read } = connection.answers
    connection.answers['conversation.read'] = () => {
      throw new RequestError({ code: 'service.unavailable', message: 'later', retryAfterMs: 3000 })
    }
    connection.connect()
    await settle()
    const { seq } = thread.view.get()
    thread.markRead()
    await settle()
    Object.assign(connection.answers, { 'conversation.read': read })
    happen(say('not seen yet'))
    await clock.advance(2900)
    expect(marks(connection)).toEqual([seq])
    await clock.advance(200)
    expect(marks(connection)).toEqual([seq, seq])
    expect(stream.head?.unread).toBeGreaterThan(0)
    await clock.advance(60_000)
    expect(marks(connection)).toHaveLength(2)
    thread.close()
    expect(clock.pending()).toBe(0)
  })

  test('a mark that waited is told when the thread is left', async () => {
    const { stream, connection, thread, happen } = world([say('one')])
    connection.connect()
    await settle()
    thread.markRead()
    happen(say('two'))
    thread.markRead()
    thread.close()
    await settle()
    expect(stream.head?.unread).toBe(0)
  })

  test('a message of ours on a page that the server gives is sent, whatever became of its answer', async () => {
    const { stream, connection, outbox, thread } = world([say('one')])
    connection.answers['message.send'] = () => {
      throw unreachable()
    }
    thread.send('mine')
    const [pending] = outbox.pending.get()
    stream.commit({ kind: 'message', from: AGENT, text: 'mine', clientMessageId: pending?.clientMessageId ?? '' })
    connection.connect()
    await settle()
    expect(thread.view.get().events.at(-1)).toMatchObject({ data: { text: 'mine' } })
    expect(outbox.pending.get()).toEqual([])
  })

  test('says so when there is no such conversation, and tries again when asked', async () => {
    let there = false
    const stream = new MemoryStream()
    const connection = createFakeConnection({
      'conversation.sync': (input) => {
        if (!there) throw new RequestError({ code: 'conversation.not_found', message: 'none' })
        return stream.sync(input, 'agent')
      },
    })
    const clock = createTestClock()
    const outbox = createOutbox({ connection, clock, storage: memoryStorage(), scope: 'test', turns: freeTurns })
    const thread = openThread({ connection, clock, outbox, audience: 'agent', visitorId: 'vis_1' })
    connection.connect()
    await settle()
    expect(thread.view.get()).toMatchObject({ phase: 'failed', error: { code: 'conversation.not_found' } })
    there = true
    thread.refresh()
    await settle()
    expect(thread.view.get().phase).toBe('ready')
  })

  test('a server that has less than we hold is believed', async () => {
    const { stream, connection, thread } = world([say('one'), say('two'), say('three')])
    connection.connect()
    await settle()
    connection.cut()
    const restored = new MemoryStream()
    restored.commit(say('one'))
    stream.log.splice(0, Infinity, ...restored.log)
    stream.head = restored.head
    connection.connect()
    await settle()
    expect(thread.view.get()).toMatchObject({
      phase: 'ready',
      events: restored.log,
      conversation: restored.head,
      seq: 2,
    })
  })

  test('a visitor who comes back as another has another thread', async () => {
    const streams = { a: new MemoryStream('a'), b: new MemoryStream('b') }
    for (const text of ['one', 'two', 'three']) streams.a.commit(say(text))
    streams.b.commit(say('new'))
    let who: 'a' | 'b' = 'a'
    const connection = createFakeConnection({
      'conversation.sync': (input) => streams[who].sync(input, 'visitor'),
      'conversation.resume': ({ threads }) => ({
        threads: threads.map((point) => streams[who].resume(point, 'visitor')),
      }),
    })
    const clock = createTestClock()
    const outbox = createOutbox({ connection, clock, storage: memoryStorage(), scope: 'test', turns: freeTurns })
    const thread = openThread({ connection, clock, outbox, audience: 'visitor' })
    const come = async (name: 'a' | 'b') => {
      who = name
      connection.cut()
      connection.status.set({ kind: 'online', limited: false, welcome: { protocol: 1, now: 0, visitorId: name } })
      await settle()
    }
    await come('a')
    expect(thread.view.get().events).toEqual(streams.a.log)
    await come('b')
    expect(thread.view.get().events).toEqual(streams.b.log)
    // Another tab may still be who this one was.
    const { clientMessageId } = outbox.send({ kind: 'message', text: 'four' })
    for (const event of streams.a.commit({ ...say('four'), clientMessageId } as Happening)) outbox.stored(event)
    expect(outbox.pending.get()).toEqual([])
    expect(thread.view.get().events).toEqual(streams.b.log)
    for (const event of streams.b.commit(say('mine'))) connection.tellStored(event)
    expect(thread.view.get().events).toEqual(streams.b.log)
  })

  test('ignores other visitors, and everything after close', async () => {
    const { connection, clock, thread, happen } = world([say('hello')])
    connection.connect()
    await settle()
    const before = thread.view.get()
    for (const event of new MemoryStream('vis_2').commit(say('not here'))) connection.tellStored(event)
    expect(thread.view.get()).toBe(before)
    thread.close()
    happen(say('late'))
    expect(thread.view.get()).toBe(before)
    expect(clock.pending()).toBe(0)
  })
})

describe('fuzz', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ told: fc.boolean(), wait: fc.nat({ max: 400 }), twice: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constant('break' as const) },
    { weight: 1, arbitrary: fc.constant('send' as const) },
  )
  test('D3: whatever the line does, the thread ends as the log', async () => {
    const run = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      const { stream, connection, clock, outbox, thread } = world([say('hello')])
      connection.connect()
      let sent = 0
      for (const [index, what] of steps.entries()) {
        if (what === 'break') connection.cut()
        else if (what === 'send') thread.send(`mine ${(sent += 1)}`)
        else {
          for (const event of stream.commit(say(`m${index}`))) {
            if (what.told) connection.tellStored(event)
            if (what.told && what.twice) connection.tellStored(event)
          }
          await clock.advance(what.wait)
          connection.connect()
        }
      }
      connection.cut()
      connection.connect()
      await clock.advance(60_000)
      expect(thread.view.get()).toMatchObject({
        events: stream.log,
        conversation: stream.head,
        gap: false,
        pending: [],
      })
      expect(outbox.pending.get()).toEqual([])
      const mine = stream.log.flatMap((event) =>
        event.name === 'message.sent' && event.actor.kind === 'agent' ? [event.data.text] : [],
      )
      expect(mine).toEqual(Array.from({ length: sent }, (_, index) => `mine ${index + 1}`))
    })
    await fc.assert(run, { numRuns: 150 })
  })
})
