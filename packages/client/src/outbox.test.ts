import type { Input, StoredEvent } from '@dosti/contracts'
import { describe, expect, test } from 'vitest'
import { createFakeConnection, type Answers, type FakeConnection } from '../testing/fake-connection.ts'
import { AGENT, MemoryStream, VISITOR } from '../testing/memory-stream.ts'
import { createTestClock, settle, type TestClock } from '../testing/test-clock.ts'
import { memoryStorage, type KeyValueStore } from './key-value-store.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { RequestError, unreachable } from './request-error.ts'
import { freeTurns } from './turns.ts'

interface World {
  connection: FakeConnection
  clock: TestClock
  storage: KeyValueStore
  outbox: Outbox
  stored: string[]
}

function world(answers: Answers | ((stream: MemoryStream) => Answers) = commits, storage = memoryStorage()): World {
  const stream = new MemoryStream()
  const connection = createFakeConnection(typeof answers === 'function' ? answers(stream) : answers)
  const clock = createTestClock()
  const outbox = createOutbox({ connection, clock, storage, scope: 'test', turns: freeTurns })
  const stored: string[] = []
  outbox.onSettled((event) => stored.push(textOf(event)))
  return { connection, clock, storage, outbox, stored }
}

function commits(stream: MemoryStream): Answers {
  return { 'message.send': (input) => ({ event: commit(stream, input) }) }
}

function commit(stream: MemoryStream, input: Input<'message.send'>): StoredEvent {
  const event = stream
    .commit({ kind: 'message', from: VISITOR, text: input.text, clientMessageId: input.clientMessageId ?? '' })
    .at(-1)
  if (event === undefined) throw new Error('nothing committed')
  return event
}

function textOf(event: StoredEvent): string {
  return event.name === 'message.sent' || event.name === 'note.added' ? event.data.text : event.name
}

const texts = (connection: FakeConnection) => connection.asked.map(({ input }) => (input as { text: string }).text)

test('a failure of the server after an outage is one, however often the network had failed', async () => {
  const { connection, clock, outbox } = world(() => ({
    'message.send': () => {
      throw unreachable()
    },
  }))
  outbox.send({ kind: 'message', text: 'hello' })
  connection.connect()
  for (let tries = 0; tries < 8; tries += 1) await clock.advance(30_000)
  connection.answers['message.send'] = () => {
    throw new RequestError({ code: 'internal', message: 'oh' })
  }
  await clock.advance(6000)
  expect(outbox.pending.get()).toMatchObject([{ state: 'sending' }])
  for (let tries = 0; tries < 5; tries += 1) await clock.advance(30_000)
  expect(outbox.pending.get()).toMatchObject([{ state: 'failed' }])
})

describe('order', () => {
  test('messages of a thread go one at a time, in the order they were written', async () => {
    const answers: (() => void)[] = []
    const { connection, outbox, stored } = world((stream) => ({
      'message.send': (input) =>
        new Promise((resolve) => answers.push(() => resolve({ event: commit(stream, input) }))),
    }))
    connection.connect()
    for (const text of ['one', 'two', 'three']) outbox.send({ kind: 'message', text })
    await settle()
    expect(texts(connection)).toEqual(['one'])
    answers[0]?.()
    await settle()
    expect(texts(connection)).toEqual(['one', 'two'])
    answers[1]?.()
    await settle()
    answers[2]?.()
    await settle()
    expect(stored).toEqual(['one', 'two', 'three'])
    expect(outbox.pending.get()).toEqual([])
  })

  test('a slow thread does not hold up another', async () => {
    const { connection, outbox } = world({ 'message.send': () => new Promise(() => undefined) })
    connection.connect()
    outbox.send({ kind: 'message', text: 'a', visitorId: 'vis_a' })
    outbox.send({ kind: 'message', text: 'b', visitorId: 'vis_b' })
    await settle()
    expect(texts(connection)).toEqual(['a', 'b'])
  })

  test('what is written without a line waits for it', async () => {
    const { connection, outbox, stored } = world()
    outbox.send({ kind: 'message', text: 'early' })
    expect(outbox.pending.get()).toMatchObject([{ text: 'early', state: 'sending' }])
    connection.connect()
    await settle()
    expect(stored).toEqual(['early'])
  })
})

test.each(['auth.expired', 'visitor.token_required'] as const)(
  'a message that met credentials of yesterday, %s, waits until they are renewed',
  async (code) => {
    let isRenewed = false
    const { connection, clock, outbox, stored } = world((stream) => ({
      'message.send': (input) => {
        if (isRenewed) return { event: commit(stream, input) }
        throw new RequestError({ code, message: 'not you' })
      },
    }))
    connection.connect()
    outbox.send({ kind: 'message', text: 'hello' })
    await settle()
    expect(outbox.pending.get()).toMatchObject([{ state: 'sending' }])
    isRenewed = true
    await clock.advance(30_000)
    expect(stored).toEqual(['hello'])
  },
)

describe('D2: a retry keeps the name', () => {
  test('after an unknown outcome the same clientMessageId is sent again', async () => {
    let failures = 2
    const { connection, clock, outbox, stored } = world((stream) => ({
      'message.send': (input) => {
        failures -= 1
        if (failures >= 0) throw unreachable()
        return { event: commit(stream, input) }
      },
    }))
    connection.connect()
    const { clientMessageId } = outbox.send({ kind: 'message', text: 'once' })
    await clock.advance(10_000)
    expect(connection.asked.map(({ input }) => (input as { clientMessageId: string }).clientMessageId)).toEqual([
      clientMessageId,
      clientMessageId,
      clientMessageId,
    ])
    expect(stored).toEqual(['once'])
  })

  test('retryAfterMs is obeyed, also over a reconnect', async () => {
    let refuse = true
    const { connection, clock, outbox, stored } = world((stream) => ({
      'message.send': (input) => {
        if (refuse) throw new RequestError({ code: 'rate.limited', message: 'slow down', retryAfterMs: 20_000 })
        return { event: commit(stream, input) }
      },
    }))
    connection.connect()
    outbox.send({ kind: 'message', text: 'patient' })
    await settle()
    refuse = false
    connection.cut()
    connection.connect()
    await clock.advance(19_900)
    expect(connection.asked).toHaveLength(1)
    await clock.advance(200)
    expect(stored).toEqual(['patient'])
  })

  test('its event settles it even when the reply is lost, and is told before it leaves', async () => {
    const stream = new MemoryStream()
    const { connection, outbox, stored } = world({ 'message.send': () => new Promise(() => undefined) })
    connection.connect()
    const { clientMessageId } = outbox.send({ kind: 'message', text: 'hello' })
    let pendingWhenTold = -1
    outbox.onSettled(() => {
      pendingWhenTold = outbox.pending.get().length
    })
    for (const event of stream.commit({ kind: 'message', from: AGENT, text: 'hello', clientMessageId }))
      connection.tellStored(event)
    expect(stored).toEqual(['hello'])
    expect(pendingWhenTold).toBe(1)
    expect(outbox.pending.get()).toEqual([])
  })
})

const invalid = () => {
  throw new RequestError({ code: 'request.invalid', message: 'no' })
}

describe('refusals', () => {
  test('a final no fails the message with its reason and lets the next one go', async () => {
    const { connection, outbox, stored } = world((stream) => ({
      'message.send': (input) => (input.text === 'bad' ? invalid() : { event: commit(stream, input) }),
    }))
    connection.connect()
    outbox.send({ kind: 'message', text: 'bad' })
    outbox.send({ kind: 'message', text: 'good' })
    await settle()
    expect(stored).toEqual(['good'])
    expect(outbox.pending.get()).toMatchObject([{ text: 'bad', state: 'failed', error: { code: 'request.invalid' } }])
  })

  test('a failed one can be tried again or thrown away', async () => {
    let refuse = true
    const { connection, outbox, stored, storage } = world((stream) => ({
      'message.send': (input) => (refuse ? invalid() : { event: commit(stream, input) }),
    }))
    connection.connect()
    const first = outbox.send({ kind: 'message', text: 'first' })
    const second = outbox.send({ kind: 'message', text: 'second' })
    await settle()
    refuse = false
    outbox.retry(first.clientMessageId)
    await settle()
    expect(stored).toEqual(['first'])
    outbox.discard(second.clientMessageId)
    expect(outbox.pending.get()).toEqual([])
    expect(storage.keys('')).toEqual([])
  })

  test('a conflict is retried under a new name', async () => {
    const { connection, outbox } = world({
      'message.send': () => {
        throw new RequestError({ code: 'message.conflict', message: 'used' })
      },
    })
    connection.connect()
    const { clientMessageId } = outbox.send({ kind: 'message', text: 'x' })
    await settle()
    outbox.retry(clientMessageId)
    expect(outbox.pending.get()[0]?.clientMessageId).not.toBe(clientMessageId)
  })

  test('a message the server stumbles over again and again does not block those behind it', async () => {
    const { connection, clock, outbox, stored } = world((stream) => ({
      'message.send': (input) => {
        if (input.text === 'poison') throw new RequestError({ code: 'internal', message: 'oops' })
        return { event: commit(stream, input) }
      },
    }))
    connection.connect()
    outbox.send({ kind: 'message', text: 'poison' })
    outbox.send({ kind: 'message', text: 'behind' })
    await clock.advance(60_000)
    expect(stored).toEqual(['behind'])
    expect(outbox.pending.get()).toMatchObject([{ text: 'poison', state: 'failed' }])
  })
})

describe('reload', () => {
  test('what was pending is still there, in order, and is sent', async () => {
    const storage = memoryStorage()
    const before = world(commits, storage)
    for (const text of ['one', 'two']) before.outbox.send({ kind: 'message', text })
    before.outbox.close()
    const after = world(commits, storage)
    expect(after.outbox.pending.get().map(({ text }) => text)).toEqual(['one', 'two'])
    after.connection.connect()
    await settle()
    expect(after.stored).toEqual(['one', 'two'])
    expect(storage.keys('')).toEqual([])
  })

  test('what waited for more than an hour is offered, not sent', async () => {
    const storage = memoryStorage()
    const before = world(commits, storage)
    before.outbox.send({ kind: 'message', text: 'old' })
    before.outbox.close()
    const clock = createTestClock()
    await clock.advance(61 * 60 * 1000)
    const connection = createFakeConnection(commits(new MemoryStream()))
    const outbox = createOutbox({ connection, clock, storage, scope: 'test', turns: freeTurns })
    connection.connect()
    await settle()
    expect(connection.asked).toEqual([])
    expect(outbox.pending.get()).toMatchObject([{ text: 'old', state: 'failed' }])
  })

  test('another scope and broken entries are left alone', () => {
    const storage = memoryStorage()
    storage.set(
      'dosti:outbox:other:1',
      '{"clientMessageId":"1","kind":"message","text":"x","createdAt":1,"state":"sending","visitorId":null}',
    )
    storage.set('dosti:outbox:test:1', '{"half":')
    storage.set('dosti:outbox:test:2', '[]')
    expect(world(commits, storage).outbox.pending.get()).toEqual([])
  })

  test('close leaves no timer', async () => {
    const { connection, clock, outbox } = world({
      'message.send': () => {
        throw unreachable()
      },
    })
    connection.connect()
    outbox.send({ kind: 'message', text: 'x' })
    await settle()
    expect(clock.pending()).toBe(1)
    outbox.close()
    expect(clock.pending()).toBe(0)
  })
})

test('a message says what its writer had seen, however long it waits, on the next page too', async () => {
  const storage = memoryStorage()
  const before = world({}, storage)
  before.outbox.send({ kind: 'message', text: 'still there?', readTo: 6 })
  before.outbox.close()
  const { connection } = world(commits, storage)
  connection.connect()
  await settle()
  expect(connection.asked.map(({ input }) => input)).toMatchObject([{ text: 'still there?', readTo: 6 }])
})
