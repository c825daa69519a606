import { expect, test } from 'vitest'
import { createFakeConnection } from '../testing/fake-connection.ts'
import { AGENT, MemoryStream, VISITOR } from '../testing/memory-stream.ts'
import { createTestClock } from '../testing/test-clock.ts'
import { createTypingSignal, watchTyping } from './typing.ts'

test('F1: our typing is told at most every two seconds, and stops after five idle ones', async () => {
  const clock = createTestClock()
  const connection = createFakeConnection({ 'typing.set': () => ({}) })
  const told = () => connection.asked.map(({ input }) => (input as { typing: boolean }).typing)
  connection.connect()
  const signal = createTypingSignal({ connection, clock })
  for (let press = 0; press < 10; press += 1) {
    signal.input()
    await clock.advance(300)
  }
  expect(told()).toEqual([true, true])
  await clock.advance(5000)
  expect(told()).toEqual([true, true, false])
  signal.stop()
  expect(told()).toHaveLength(3)
})

test('F1: without a line nothing is told and nothing waits', async () => {
  const clock = createTestClock()
  const connection = createFakeConnection({})
  const signal = createTypingSignal({ connection, clock })
  signal.input()
  signal.close()
  expect(connection.asked).toEqual([])
  expect(clock.pending()).toBe(0)
})

test('F1: others’ typing ends when they stop, write, or fall silent for six seconds', async () => {
  const clock = createTestClock()
  const connection = createFakeConnection({})
  const { typing, close } = watchTyping({ connection, clock, ignore: (party) => party.kind === 'visitor' })
  const start = () => connection.tell('typing.started', { visitorId: 'vis_1', by: AGENT })
  connection.tell('typing.started', { visitorId: 'vis_1', by: VISITOR })
  expect(typing.get().size).toBe(0)
  start()
  expect(typing.get().get('vis_1')).toEqual([AGENT])
  await clock.advance(4000)
  start()
  await clock.advance(4000)
  expect(typing.get().size).toBe(1)
  await clock.advance(2100)
  expect(typing.get().size).toBe(0)
  start()
  connection.tell('typing.stopped', { visitorId: 'vis_1', by: AGENT })
  expect(typing.get().size).toBe(0)
  start()
  for (const event of new MemoryStream().commit({ kind: 'message', from: AGENT, text: 'x' }))
    connection.tellStored(event)
  expect(typing.get().size).toBe(0)
  start()
  close()
  expect(clock.pending()).toBe(0)
})
