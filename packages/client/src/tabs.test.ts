import { describe, expect, test } from 'vitest'
import { createFakeConnection, type Answers, type FakeConnection } from '../testing/fake-connection.ts'
import { MemoryStream, VISITOR } from '../testing/memory-stream.ts'
import { createBrowser, type Tab } from '../testing/tabs.ts'
import { createTestClock, settle } from '../testing/test-clock.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { RequestError } from './request-error.ts'
import { openThread, type Thread } from './thread.ts'

interface OpenTab {
  tab: Tab
  connection: FakeConnection
  outbox: Outbox
  thread: Thread
  pending: () => string[]
}

/** A server that knows repeats (D2) and a browser whose tabs ask it, each over a line of its own. */
function world({
  refuse = () => {},
  reply = async () => {},
}: { refuse?: () => void; reply?: (text: string) => Promise<void> } = {}) {
  const stream = new MemoryStream()
  const openTab = createBrowser()
  const clock = createTestClock()
  const sends: string[] = []
  const answers: Answers = {
    'conversation.sync': (input) => stream.sync(input, 'visitor'),
    'conversation.resume': ({ threads }) => ({ threads: threads.map((point) => stream.resume(point, 'visitor')) }),
    'message.send': async ({ text, clientMessageId = '' }) => {
      sends.push(text)
      refuse()
      const known = stream.log.find(
        (event) => event.name === 'message.sent' && event.data.clientMessageId === clientMessageId,
      )
      const event = known ?? stream.commit({ kind: 'message', from: VISITOR, text, clientMessageId }).at(-1)
      if (event === undefined) throw new Error('nothing committed')
      await reply(text)
      return { event }
    },
  }
  const open = (): OpenTab => {
    const tab = openTab()
    const connection = createFakeConnection(answers)
    const outbox = createOutbox({ connection, clock, scope: 'test', ...tab })
    const thread = openThread({ connection, clock, outbox, audience: 'visitor' })
    return { tab, connection, outbox, thread, pending: () => outbox.pending.get().map(({ text }) => text) }
  }
  const stored = () => stream.log.flatMap((event) => (event.name === 'message.sent' ? [event.data.text] : []))
  return { open, clock, sends, stored }
}

const texts = (thread: Thread) =>
  thread.view.get().events.flatMap((event) => (event.name === 'message.sent' ? [event.data.text] : []))

describe('tabs of one visitor', () => {
  test('show the same pending messages; one of them sends, once, in order, and all see them settle', async () => {
    const { open, sends, stored } = world()
    const [a, b] = [open(), open()]
    a.thread.send('a1')
    b.thread.send('b1')
    a.thread.send('a2')
    await settle()
    expect(a.pending()).toEqual(b.pending())
    expect(a.pending()).toHaveLength(3)
    a.connection.connect()
    b.connection.connect()
    await settle()
    expect(sends.toSorted()).toEqual(['a1', 'a2', 'b1'])
    expect(stored().filter((text) => text.startsWith('a'))).toEqual(['a1', 'a2'])
    for (const { thread, pending } of [a, b]) {
      expect(pending()).toEqual([])
      expect(texts(thread)).toEqual(stored())
    }
    expect(a.tab.storage.keys('')).toEqual([])
  })

  test('a tab without a line is sent for by one that has it, and sees its message stored', async () => {
    const { open, stored } = world()
    const [a, b] = [open(), open()]
    b.connection.connect()
    a.thread.send('from a')
    await settle()
    expect(stored()).toEqual(['from a'])
    expect(a.pending()).toEqual([])
    expect(a.tab.storage.keys('')).toEqual([])
  })

  test('D2: a tab that is closed while it sends hands over: nothing lost, nothing doubled, order kept', async () => {
    let lost = false
    const { open, clock, sends, stored } = world({
      // The first try is stored, but its answer never arrives.
      reply: async () => {
        if (!lost) await new Promise(() => (lost = true))
      },
    })
    const [a, b] = [open(), open()]
    a.connection.connect()
    for (const text of ['a1', 'a2', 'a3']) a.thread.send(text)
    await settle()
    b.connection.connect()
    b.thread.send('b1')
    await settle()
    expect(sends).toEqual(['a1'])
    a.tab.close()
    await clock.advance(1000)
    expect(stored().toSorted()).toEqual(['a1', 'a2', 'a3', 'b1'])
    expect(stored().filter((text) => text.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
    expect(b.pending()).toEqual([])
  })

  test('a tab that loses its line hands over too', async () => {
    const { open, clock, stored } = world()
    const [a, b] = [open(), open()]
    a.connection.connect()
    a.connection.cut()
    b.connection.connect()
    a.thread.send('cut off')
    await clock.advance(1000)
    expect(stored()).toEqual(['cut off'])
    expect(a.pending()).toEqual([])
  })

  test('a message that failed, is tried again or thrown away in one tab does so in all', async () => {
    let refuses = true
    const { open, stored } = world({
      refuse: () => {
        if (refuses) throw new RequestError({ code: 'request.invalid', message: 'no' })
      },
    })
    const [a, b] = [open(), open()]
    a.connection.connect()
    b.connection.connect()
    a.thread.send('one')
    a.thread.send('two')
    await settle()
    for (const { outbox } of [a, b]) {
      expect(outbox.pending.get()).toMatchObject([
        { text: 'one', state: 'failed' },
        { text: 'two', state: 'failed' },
      ])
    }
    refuses = false
    const [one, two] = a.outbox.pending.get()
    b.outbox.discard(one?.clientMessageId ?? '')
    await settle()
    expect(a.pending()).toEqual(['two'])
    b.outbox.retry(two?.clientMessageId ?? '')
    await settle()
    expect(stored()).toEqual(['two'])
    expect([...a.pending(), ...b.pending()]).toEqual([])
  })

  test('a message is in exactly one of events and pending in the other tab too, at every moment', async () => {
    const { open } = world()
    const [a, b] = [open(), open()]
    b.connection.connect()
    a.connection.connect()
    await settle()
    const seen: number[] = []
    b.thread.view.subscribe(() => {
      const { events, pending } = b.thread.view.get()
      seen.push(events.filter(({ name }) => name === 'message.sent').length + pending.length)
    })
    a.thread.send('seen by both')
    await settle()
    expect(new Set(seen)).toEqual(new Set([1]))
    expect(b.pending()).toEqual([])
  })

  test('what a closed tab left is sent by the next one to open', async () => {
    const { open, stored } = world()
    const a = open()
    a.thread.send('left behind')
    a.tab.close()
    const b = open()
    b.connection.connect()
    await settle()
    expect(stored()).toEqual(['left behind'])
  })
})
