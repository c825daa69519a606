/** A thread that is known is changed without being read; whatever else happened to it is noticed under the lock. */
import type { StoredEvent } from '@dosti/contracts'
import type { Told } from '@dosti/conversations'
import { agentCloses, agentSends, changedOf, visitorSends } from '@dosti/conversations/testing'
import type pg from 'pg'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inTransaction } from '../testing/in-transaction.ts'
import { openDb, openTestDb, WORKSPACES, randomIds as ids } from '../testing/open-db.ts'
import type { Db } from './client.ts'
import { LOCK_WAITING } from './conversation-statements.ts'
import { createConversationStore, type PostgresConversations } from './conversation-store.ts'
import { run } from './statement.ts'

const [workspaceId] = WORKSPACES

describe('known threads in Postgres', () => {
  let db: Db
  let second: Db
  let here: PostgresConversations
  let elsewhere: PostgresConversations
  /** Round trips of the first node. */
  let trips = 0
  let count = 0
  let of: { workspaceId: typeof workspaceId; visitorId: string }
  beforeAll(async () => {
    const opened = await openTestDb()
    db = opened.db
    second = await openDb(opened.url)
    here = createConversationStore({ ...db, pool: countTrips(db.pool) }, { ids })
    elsewhere = createConversationStore(second, { ids })
  })
  beforeEach(async () => {
    count += 1
    of = { workspaceId, visitorId: `visitor ${count}` }
    changedOf((await here.change([visitorSends(of, 'first')]))[0])
    trips = 0
  })

  function countTrips(pool: pg.Pool): pg.Pool {
    return new Proxy(pool, {
      get(target, name) {
        if (name !== 'connect') return Reflect.get(target, name) as unknown
        return async () => {
          const client = await target.connect()
          return new Proxy(client, {
            get(inner, member) {
              if (member === 'query') trips += 1
              const value: unknown = Reflect.get(inner, member)
              return typeof value === 'function' ? (value.bind(inner) as unknown) : value
            },
          })
        }
      },
    })
  }
  const say = async (node: PostgresConversations, text: string, clientMessageId?: string) =>
    changedOf(
      (await node.change([visitorSends(of, text, clientMessageId === undefined ? {} : { clientMessageId })]))[0],
    )
  const stored = async (): Promise<StoredEvent[]> =>
    (await elsewhere.thread({ ...of, internal: true, after: 0, limit: 100 }))?.events ?? []
  const numbersOf = (events: readonly StoredEvent[]) => events.map(({ seq }) => seq)

  it('one round trip, and what is stored is what was answered', async () => {
    const { events } = await say(here, 'second')
    expect(trips).toBe(1)
    expect((await stored()).slice(2)).toEqual(events)
  })

  it('D3: a change elsewhere that nobody told of is noticed', async () => {
    await say(elsewhere, 'from elsewhere')
    const { events } = await say(here, 'second')
    expect(numbersOf(events)).toEqual([4])
    expect(numbersOf(await stored())).toEqual([1, 2, 3, 4])
    expect(trips).toBe(3)
  })

  it('what is told needs no try', async () => {
    const { events } = await say(elsewhere, 'from elsewhere')
    here.hear(events.map((event): Told => ({ ...of, audience: 'both', event })))
    await say(here, 'second')
    expect(trips).toBe(2)
  })

  it('D2: a message that is stored is found, and a changed one refused', async () => {
    await say(here, 'hello', 'id 1')
    expect(await say(here, 'hello', 'id 1')).toMatchObject({ repeated: true, events: [{ seq: 3 }] })
    const [outcome] = await here.change([visitorSends(of, 'other words', { clientMessageId: 'id 1' })])
    expect(outcome).toMatchObject({ ok: false, error: { code: 'message.conflict' } })
    expect(await stored()).toHaveLength(3)
  })

  it('a repeat does not fail its neighbours', async () => {
    const other = { workspaceId, visitorId: `${of.visitorId} b` }
    await here.change([visitorSends(other, 'first')])
    await say(here, 'hello', 'id 1')
    const outcomes = await here.change([
      visitorSends(of, 'hello', { clientMessageId: 'id 1' }),
      visitorSends(other, 'b'),
    ])
    expect(outcomes.map((outcome) => changedOf(outcome).repeated)).toEqual([true, false])
  })

  it('a read mark elsewhere is not lowered, and one here needs no reading', async () => {
    await elsewhere.markRead({ ...of, by: 'agents', seq: 2 })
    const { conversation } = await say(here, 'second')
    expect(conversation).toMatchObject({ readByAgents: 2, unread: 1 })
    await here.markRead({ ...of, by: 'agents', seq: 3 })
    trips = 0
    expect((await say(here, 'third')).conversation).toMatchObject({ readByAgents: 3, unread: 1 })
    expect(trips).toBe(1)
  })

  it('a close elsewhere is seen: the next message opens the conversation again', async () => {
    await elsewhere.change([agentCloses(of)])
    const { events, conversation } = await say(here, 'second')
    expect(events.map(({ name }) => name)).toEqual(['conversation.opened', 'message.sent'])
    expect(conversation?.status).toBe('open')
  })

  it('a message and what is more than a message share a batch, and each happens once', async () => {
    const other = { workspaceId, visitorId: `${of.visitorId} b` }
    await here.change([visitorSends(other, 'first')])
    const outcomes = await here.change([agentCloses(other), visitorSends(of, 'second')])
    expect(outcomes.map((outcome) => numbersOf(changedOf(outcome).events))).toEqual([[3], [3]])
    expect(numbersOf(await stored())).toEqual([1, 2, 3])
    const closed = await elsewhere.thread({ ...other, internal: true, after: 0, limit: 100 })
    expect(closed?.events.map(({ name }) => name)).toEqual([
      'conversation.opened',
      'message.sent',
      'conversation.closed',
    ])
    expect(closed?.thread.conversation?.status).toBe('closed')
  })

  it('one locked visitor does not stall the others, and changes once', async () => {
    const other = { workspaceId, visitorId: `${of.visitorId} b` }
    await here.change([visitorSends(other, 'first')])
    const order: number[] = []
    const { promise: ready, resolve } = Promise.withResolvers<void>()
    let changing: Promise<unknown> | undefined
    await inTransaction(second, [workspaceId], async (client) => {
      await run(client, LOCK_WAITING, [workspaceId, [workspaceId], [of.visitorId]])
      changing = here.change([visitorSends(of, 'second'), visitorSends(other, 'second')], {
        settled: (index) => void order.push(index),
        ready: resolve,
      })
      await ready
      expect(order).toEqual([1])
    })
    await changing
    expect(order).toEqual([1, 0])
    expect(numbersOf(await stored())).toEqual([1, 2, 3])
  })

  it('both sides of one node, and new visitors among known ones', async () => {
    const other = { workspaceId, visitorId: `${of.visitorId} b` }
    const outcomes = await here.change([agentSends(of, 'yes?'), visitorSends(other, 'hello'), visitorSends(of, 'ah')])
    expect(outcomes.map((outcome) => numbersOf(changedOf(outcome).events))).toEqual([[3], [1, 2], [4]])
  })

  it('T30: no timestamp runs ahead of the clock of Postgres, and each is later than the one before', async () => {
    for (let round = 0; round < 20; round += 1) await say(here, `text ${round}`)
    const { rows } = await second.pool.query<{ now: string }>(
      'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now',
    )
    const times = (await stored()).map(({ timestamp }) => timestamp)
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
    expect(times.at(-1)).toBeLessThanOrEqual(Number(rows[0]?.now) + times.length)
  })
})
