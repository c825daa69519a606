import type { Input, Output } from '@dosti/contracts'
import { describe, expect, test } from 'vitest'
import { createFakeConnection } from '../testing/fake-connection.ts'
import { MemoryStream, VISITOR } from '../testing/memory-stream.ts'
import { createTestClock, settle } from '../testing/test-clock.ts'
import { memoryStorage } from './key-value-store.ts'
import { createOutbox } from './outbox.ts'
import { RequestError } from './request-error.ts'
import { openThread } from './thread.ts'
import { freeTurns } from './turns.ts'

type Answer = Output<'conversation.resume'>['threads'][number]

function world(count: number) {
  const ids = Array.from({ length: count }, (_, index) => `vis_${index}`)
  const streams = new Map(ids.map((id) => [id, new MemoryStream(id)]))
  const streamOf = (id = '') => streams.get(id) ?? new MemoryStream(id)
  const say = (id: string, text: string) => streamOf(id).commit({ kind: 'message', from: VISITOR, text })
  for (const id of ids) say(id, 'hello')
  const clock = createTestClock()
  const answerOf = (point: Input<'conversation.resume'>['threads'][number]): Answer =>
    streams.has(point.visitorId ?? '')
      ? streamOf(point.visitorId).resume(point, 'agent')
      : { visitorId: point.visitorId ?? '', status: 'not_found', page: null }
  let refuse: RequestError | null = null
  const connection = createFakeConnection({
    'conversation.sync': ({ visitorId, ...input }) => streamOf(visitorId).sync(input, 'agent'),
    'conversation.resume': ({ threads }) => {
      if (refuse !== null) throw refuse
      return { threads: threads.map(answerOf) }
    },
  })
  const outbox = createOutbox({ connection, clock, storage: memoryStorage(), scope: 'test', turns: freeTurns })
  const threads = ids.map((visitorId) => openThread({ connection, clock, outbox, audience: 'agent', visitorId }))
  const resumes = () =>
    connection.asked.flatMap(({ operation, input }) =>
      operation === 'conversation.resume' ? [(input as Input<'conversation.resume'>).threads.length] : [],
    )
  return {
    ids,
    streams,
    say,
    clock,
    connection,
    threads,
    resumes,
    refuse: (error: RequestError | null) => (refuse = error),
  }
}

describe('D4: after a break', () => {
  test('all open threads ask in one request, fifty at most in each', async () => {
    const { ids, streams, say, connection, threads, resumes } = world(60)
    connection.connect()
    await settle()
    connection.cut()
    for (const id of ids) say(id, 'missed')
    const asked = connection.asked.length
    connection.connect()
    await settle()
    expect(resumes()).toEqual([50, 10])
    expect(connection.asked).toHaveLength(asked + 2)
    expect(threads.map((thread) => thread.view.get().events)).toEqual([...streams.values()].map(({ log }) => log))
  })

  test('a thread that is gone says so, and the others go on', async () => {
    const { streams, say, connection, threads } = world(2)
    connection.connect()
    await settle()
    connection.cut()
    streams.delete('vis_0')
    say('vis_1', 'missed')
    connection.connect()
    await settle()
    expect(threads[0]?.view.get().error).toMatchObject({ code: 'conversation.not_found' })
    expect(threads[1]?.view.get().events).toEqual(streams.get('vis_1')?.log)
  })

  test('a refusal is waited out as long as the server asks', async () => {
    const { streams, say, clock, connection, threads, resumes, refuse } = world(1)
    connection.connect()
    await settle()
    connection.cut()
    say('vis_0', 'missed')
    refuse(new RequestError({ code: 'service.unavailable', message: 'wait', retryAfterMs: 20_000 }))
    connection.connect()
    await settle()
    expect(resumes()).toEqual([1])
    refuse(null)
    const asked = connection.asked.length
    await clock.advance(19_900)
    expect(connection.asked).toHaveLength(asked)
    await clock.advance(200)
    expect(threads[0]?.view.get().events).toEqual(streams.get('vis_0')?.log)
  })
})
