import type { AgentsConversation } from '@dosti/contracts'
import { describe, expect, test } from 'vitest'
import { createFakeConnection } from '../testing/fake-connection.ts'
import { AGENT, AISHA, MemoryStream, VISITOR, type Happening } from '../testing/memory-stream.ts'
import { createTestClock, settle } from '../testing/test-clock.ts'
import { createInbox } from './inbox.ts'
import { RequestError, unreachable } from './request-error.ts'

const say = (text: string, from = VISITOR): Happening => ({ kind: 'message', from, text })

function world(visitors: string[]) {
  const streams = new Map(visitors.map((id) => [id, new MemoryStream(id)]))
  const clock = createTestClock()
  const list = () => [...streams.values()].flatMap(({ head }) => (head === null ? [] : [head]))
  const connection = createFakeConnection({
    'conversation.list': ({ status, assignee, cursor, limit = 50 }) => {
      const wanted = list()
        .filter((head) => head.status === (status ?? 'open'))
        .filter((head) => assignee !== 'me' || head.assignee?.id === AISHA.id)
        .filter((head) => assignee !== 'nobody' || head.assignee === null)
        .sort((a, b) => b.updatedAt - a.updatedAt || (a.visitorId < b.visitorId ? -1 : 1))
      const start = Number(cursor ?? 0)
      const next = start + limit < wanted.length ? String(start + limit) : null
      return { conversations: wanted.slice(start, start + limit), next }
    },
    'conversation.sync': ({ visitorId, ...input }) => {
      const stream = streams.get(visitorId ?? '')
      if (stream === undefined) throw new RequestError({ code: 'conversation.not_found', message: 'none' })
      return stream.sync(input, 'agent')
    },
  })
  const commit = (visitorId: string, happening: Happening) => streams.get(visitorId)?.commit(happening) ?? []
  const happen = (visitorId: string, happening: Happening) => {
    for (const event of commit(visitorId, happening)) connection.tellStored(event)
  }
  const inbox = createInbox({ connection, clock })
  const rows = () => inbox.view.get().conversations.map(({ visitorId }) => visitorId)
  return { streams, clock, connection, inbox, rows, commit, happen, list }
}

describe('the list', () => {
  test('snapshot + events = fresh snapshot, newest first', async () => {
    const { connection, inbox, rows, commit, happen, list } = world(['a', 'b', 'c'])
    commit('a', say('1'))
    commit('b', say('1'))
    commit('b', say('2'))
    connection.connect()
    await settle()
    expect(rows()).toEqual(['b', 'a'])
    happen('c', say('new here'))
    happen('a', say('2'))
    happen('a', say('3', AGENT))
    happen('a', { kind: 'assign', to: AISHA })
    const fresh = list().sort((a, b) => b.updatedAt - a.updatedAt || (a.visitorId < b.visitorId ? -1 : 1))
    expect(inbox.view.get().conversations).toEqual(fresh)
    expect(connection.asked).toHaveLength(1)
  })

  test('D5: after a gap, or for an unknown visitor, the head is asked for, once for a burst', async () => {
    const { streams, clock, connection, inbox, commit, happen } = world(['a', 'b'])
    commit('a', say('1'))
    connection.connect()
    await settle()
    commit('b', say('unseen'))
    for (let index = 0; index < 5; index += 1) happen('b', say(`${index}`))
    commit('a', say('lost'))
    happen('a', say('told'))
    await clock.advance(200)
    expect(connection.asked.filter(({ operation }) => operation === 'conversation.sync')).toHaveLength(2)
    expect(inbox.head('a')).toEqual(streams.get('a')?.head)
    expect(inbox.head('b')).toEqual(streams.get('b')?.head)
  })

  test('a head that the server cannot tell now is asked for again when it says', async () => {
    const { clock, connection, inbox } = world([])
    connection.connect()
    await settle()
    const stream = new MemoryStream('late')
    let fault: RequestError | null = new RequestError({ code: 'rate.limited', message: 'wait', retryAfterMs: 20_000 })
    connection.answers['conversation.sync'] = (input) => {
      if (fault !== null) throw fault
      return stream.sync(input, 'agent')
    }
    stream.commit(say('unseen'))
    for (const event of stream.commit(say('told'))) connection.tellStored(event)
    await clock.advance(19_900)
    expect(connection.asked.filter(({ operation }) => operation === 'conversation.sync')).toHaveLength(1)
    fault = null
    await clock.advance(500)
    expect(inbox.head('late')).toEqual(stream.head)
  })

  test('the filter decides what is shown, live', async () => {
    const { connection, inbox, rows, commit, happen } = world(['a', 'b'])
    commit('a', say('1'))
    commit('b', say('1'))
    connection.connect()
    await settle()
    inbox.setFilter({ status: 'open', assignee: 'me' })
    await settle()
    expect(rows()).toEqual([])
    happen('b', { kind: 'assign', to: AISHA })
    await settle()
    happen('b', say('mine now'))
    expect(rows().length).toBeLessThanOrEqual(1)
    inbox.setFilter({ status: 'closed', assignee: 'anyone' })
    await settle()
    expect(rows()).toEqual([])
    inbox.setFilter({ status: 'open', assignee: 'anyone' })
    await settle()
    happen('a', { kind: 'close' })
    expect(rows()).toEqual(['b'])
  })

  test('pages follow each other without holes or repeats', async () => {
    const names = Array.from({ length: 120 }, (_, index) => `v${String(index).padStart(3, '0')}`)
    const { connection, inbox, rows, commit, happen } = world(names)
    for (const [index, name] of names.entries()) for (let count = 0; count <= index; count += 1) commit(name, say('x'))
    connection.connect()
    await settle()
    expect(rows()).toHaveLength(50)
    // Below what is listed: a change that does not move it up must not make it appear out of order.
    happen('v000', { kind: 'note', text: 'quiet' })
    await settle()
    expect(rows()).not.toContain('v000')
    await inbox.loadMore()
    expect(rows()).toEqual(names.toReversed())
    expect(inbox.view.get().hasMore).toBe(false)
  })

  test('a page that is overtaken by a break does not end the paging', async () => {
    const names = Array.from({ length: 120 }, (_, index) => `v${String(index).padStart(3, '0')}`)
    const { connection, inbox, rows, commit } = world(names)
    for (const name of names) commit(name, say('x'))
    connection.connect()
    await settle()
    const { 'conversation.list': list } = connection.answers
    const answer = Promise.withResolvers<never>()
    connection.answers['conversation.list'] = () => answer.promise
    const overtaken = inbox.loadMore()
    Object.assign(connection.answers, { 'conversation.list': list })
    connection.cut()
    connection.connect()
    await settle()
    answer.reject(unreachable())
    await overtaken
    await settle()
    expect(inbox.view.get()).toMatchObject({ hasMore: true, loadingMore: false })
    await inbox.loadMore()
    expect(rows()).toHaveLength(120)
  })

  test('more that is refused is not asked for again before its time', async () => {
    const names = Array.from({ length: 120 }, (_, index) => `v${String(index).padStart(3, '0')}`)
    const { clock, connection, inbox, rows, commit } = world(names)
    for (const name of names) commit(name, say('x'))
    connection.connect()
    await settle()
    const { 'conversation.list': list } = connection.answers
    connection.answers['conversation.list'] = () => {
      throw new RequestError({ code: 'rate.limited', message: 'later', retryAfterMs: 20_000 })
    }
    await inbox.loadMore()
    Object.assign(connection.answers, { 'conversation.list': list })
    const asked = connection.asked.length
    await inbox.loadMore()
    await clock.advance(19_000)
    await inbox.loadMore()
    expect(connection.asked).toHaveLength(asked)
    await clock.advance(2000)
    await inbox.loadMore()
    expect(rows()).toHaveLength(120)
  })

  test('a read mark holds against a head that was read before it', async () => {
    const { connection, inbox, streams, clock, commit, happen } = world(['a', 'b'])
    commit('a', say('1'))
    commit('b', say('1'))
    connection.connect()
    await settle()
    const before = structuredClone(streams.get('a')?.head)
    const seq = before?.seq ?? 0
    connection.answers['conversation.sync'] = () =>
      ({ events: [], conversation: before, seq, internalSeq: 0, snapshot: true, hasOlder: false }) as never
    connection.tell('conversation.read', { visitorId: 'a', by: 'agents', seq } as never)
    expect(inbox.head('a')?.unread).toBe(0)
    // A hole: the head is asked for, and the answer is older than the mark.
    happen('a', say('2'))
    connection.tellStored({ ...commit('a', say('4'))[0], seq: seq + 5 } as never)
    await clock.advance(1000)
    expect(inbox.head('a')?.readByAgents).toBe(seq)
  })

  test('after a break the first page is asked for again, and what has gone is gone', async () => {
    const { connection, inbox, rows, commit, streams } = world(['a', 'b'])
    commit('a', say('1'))
    commit('b', say('1'))
    connection.connect()
    await settle()
    connection.cut()
    commit('a', { kind: 'close' })
    commit('b', say('2'))
    connection.connect()
    await settle()
    expect(rows()).toEqual(['b'])
    expect(inbox.view.get().conversations).toEqual([streams.get('b')?.head])
  })

  test('after a break as many rows are listed as before, though one page does not hold them', async () => {
    const names = Array.from({ length: 720 }, (_, index) => `v${String(index).padStart(3, '0')}`)
    const { connection, inbox, rows, commit } = world(names)
    for (const name of names) commit(name, say('x'))
    connection.connect()
    await settle()
    while (rows().length < 650) await inbox.loadMore()
    connection.cut()
    connection.connect()
    await settle()
    expect(rows()).toEqual(names.slice(0, 650))
    await inbox.loadMore()
    expect(rows()).toEqual(names)
  })

  test('D5: what an event touched while the list was asked for still gets what was missed before it', async () => {
    const { clock, connection, inbox, rows, commit, happen, streams } = world(['a', 'b', 'c'])
    for (const visitorId of ['a', 'b', 'c']) commit(visitorId, say('1'))
    connection.connect()
    await settle()
    connection.cut()
    commit('a', { kind: 'assign', to: AISHA })
    commit('b', { kind: 'close' })
    connection.connect()
    happen('a', say('2'))
    happen('b', { kind: 'note', text: 'closed by now' })
    happen('c', say('2'))
    await settle()
    const before = connection.asked.length
    await clock.advance(200)
    expect(inbox.head('a')).toEqual(streams.get('a')?.head)
    expect(inbox.head('b')).toEqual(streams.get('b')?.head)
    expect(rows()).toEqual(['a', 'c'])
    expect(connection.asked.slice(before).map(({ operation }) => operation)).toEqual(Array(3).fill('conversation.sync'))
  })

  test('read marks take the count away', async () => {
    const { connection, inbox, commit } = world(['a'])
    commit('a', say('1'))
    connection.connect()
    await settle()
    expect(inbox.head('a')?.unread).toBe(1)
    connection.tell('conversation.read', { visitorId: 'a', by: 'agents', seq: 2 })
    expect(inbox.head('a')).toMatchObject({ unread: 0, readByAgents: 2 } satisfies Partial<AgentsConversation>)
  })

  test('a refusal is shown; close leaves no timer', async () => {
    const clock = createTestClock()
    const connection = createFakeConnection({
      'conversation.list': () => {
        throw new RequestError({ code: 'access.denied', message: 'no' })
      },
    })
    const inbox = createInbox({ connection, clock })
    connection.connect()
    await settle()
    expect(inbox.view.get()).toMatchObject({ phase: 'failed', error: { code: 'access.denied' } })
    inbox.close()
    expect(clock.pending()).toBe(0)
  })
})
