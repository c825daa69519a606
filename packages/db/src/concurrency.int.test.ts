import { setTimeout as wait } from 'node:timers/promises'
import type { StoredEvent } from '@dosti/contracts'
import type { ConversationStore, Outcome } from '@dosti/conversations'
import { changedOf, visitorSends } from '@dosti/conversations/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { inTransaction } from '../testing/in-transaction.ts'
import { openDb, openTestDb, WORKSPACES, randomIds as ids } from '../testing/open-db.ts'
import type pg from 'pg'
import { DEADLINE_MS, withConnection, type Db } from './client.ts'
import { createConversationStore } from './conversation-store.ts'
import { LOCK_WAITING } from './conversation-statements.ts'
import { run } from './statement.ts'

const [workspaceId] = WORKSPACES

describe('Postgres store: many at once', () => {
  let url: string
  let db: Db
  let second: Db
  let store: ConversationStore
  let otherNode: ConversationStore
  beforeAll(async () => {
    const opened = await openTestDb()
    url = opened.url
    db = opened.db
    second = await openDb(opened.url)
    store = createConversationStore(db, { ids })
    otherNode = createConversationStore(second, { ids })
  })

  const eventsOf = async (visitorId: string): Promise<StoredEvent[]> =>
    (await store.thread({ workspaceId, visitorId, internal: true, after: 0, limit: 5000 }))?.events ?? []

  it('D2 D3: two nodes, few visitors, repeats in flight: no gap, no double, one order', async () => {
    const visitors = ['busy 1', 'busy 2', 'busy 3']
    const sends = Array.from({ length: 400 }, (_, index) => ({
      visitorId: visitors[index % 3] ?? '',
      text: `text ${index}`,
      clientMessageId: `id ${index}`,
    }))
    // Each message twice, both in flight at about the same time, on one of two nodes with ten connections each.
    const work = sends.flatMap((send) => [send, send]).values()
    const answers: { send: (typeof sends)[number]; outcome: Outcome | undefined }[] = []
    const lane = async (node: ConversationStore) => {
      for (const send of work) {
        const [outcome] = await node.change([visitorSends({ workspaceId, visitorId: send.visitorId }, send.text, send)])
        answers.push({ send, outcome })
      }
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => lane(index % 2 === 0 ? store : otherNode)))

    const stored = (await Promise.all(visitors.map(eventsOf))).flat()
    const messages = stored.filter((event) => event.name === 'message.sent')
    expect(messages).toHaveLength(400)
    expect(new Set(messages.map(({ data }) => data.clientMessageId)).size).toBe(400)
    for (const visitorId of visitors) {
      const events = stored.filter((event) => event.visitorId === visitorId)
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
      events.reduce((before, { timestamp }) => {
        expect(timestamp).toBeGreaterThan(before)
        return timestamp
      }, 0)
    }
    for (const { send, outcome } of answers) {
      const first = messages.find(({ data }) => data.clientMessageId === send.clientMessageId)
      expect(changedOf(outcome).events.at(-1)).toEqual(first)
    }
    expect(answers.filter(({ outcome }) => changedOf(outcome).repeated)).toHaveLength(400)
  })

  it('a connection that is left within a transaction is not used again', async () => {
    const pidOf = async (client: pg.PoolClient, sql: string) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await client.query(sql)
      return rows[0]?.pid
    }
    const one = await openDb(url, { connections: 1 })
    const left = await withConnection(one, (client) => pidOf(client, 'BEGIN'))
    const next = await withConnection(one, (client) => pidOf(client, 'SELECT'))
    expect(next).not.toBe(left)
    expect(await withConnection(one, (client) => pidOf(client, 'SELECT'))).toBe(next)
  })

  it('D3: batches of both nodes that overlap in another order do not deadlock', async () => {
    const visitors = Array.from({ length: 40 }, (_, index) => `crossing ${index}`)
    const batch = (order: string[], text: string) =>
      order.map((visitorId) => visitorSends({ workspaceId, visitorId }, text))
    for (let round = 0; round < 4; round += 1) {
      const outcomes = await Promise.all([
        store.change(batch(visitors, `a ${round}`)),
        otherNode.change(batch(visitors.toReversed(), `b ${round}`)),
        store.change(batch(visitors, `c ${round}`)),
        otherNode.change(batch(visitors.toReversed(), `d ${round}`)),
      ])
      expect(outcomes.flat().filter(({ ok }) => !ok)).toEqual([])
    }
    for (const visitorId of visitors) {
      const events = await eventsOf(visitorId)
      expect(events.filter(({ name }) => name === 'message.sent')).toHaveLength(16)
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    }
  })

  it('D4: a poller that follows the timestamps misses nothing and sees nothing twice', async () => {
    const visitorId = 'polled'
    const seen: string[] = []
    let cursor = 0
    let writing = true
    const poll = async () => {
      for (let last = false; !last;) {
        last = !writing
        const page = await otherNode.messages({ workspaceId, visitorId, afterTimestamp: cursor, limit: 20 })
        seen.push(...(page?.messages.map(({ id }) => id) ?? []))
        cursor = page?.messages.at(-1)?.timestamp ?? cursor
        if (page?.hasMore === true) last = false
      }
    }
    const write = async (lane: number) => {
      for (let count = 0; count < 30; count += 1) {
        changedOf(
          (
            await (lane % 2 === 0 ? store : otherNode).change([
              visitorSends({ workspaceId, visitorId }, `${lane}/${count}`),
            ])
          )[0],
        )
      }
    }
    const polling = poll()
    await Promise.all([0, 1, 2, 3, 4, 5].map(write))
    writing = false
    await polling
    const stored = (await eventsOf(visitorId)).filter(({ name }) => name === 'message.sent').map(({ id }) => id)
    expect(stored).toHaveLength(180)
    expect(seen).toEqual(stored)
  })

  it('a visitor locked by somebody else does not hold up the rest of the batch', async () => {
    const of = (visitorId: string) => ({ workspaceId, visitorId })
    await store.change([visitorSends(of('locked'), 'a'), visitorSends(of('free'), 'a')])
    const order: number[] = []
    const { promise: nextMayBegin, resolve } = Promise.withResolvers<void>()
    let changing: Promise<Outcome[]> | undefined
    await inTransaction(second, [workspaceId], async (client) => {
      await run(client, LOCK_WAITING, [workspaceId, [workspaceId], ['locked']])
      changing = store.change([visitorSends(of('locked'), 'b'), visitorSends(of('free'), 'b')], {
        settled: (index) => void order.push(index),
        ready: resolve,
      })
      await nextMayBegin
      expect(order).toEqual([1])
    })
    expect((await changing)?.map(({ ok }) => ok)).toEqual([true, true])
    expect(order).toEqual([1, 0])
  })

  it('D8: a visitor that stays locked is refused for now, and that is all', async () => {
    const of = (visitorId: string) => ({ workspaceId, visitorId })
    await store.change([visitorSends(of('stuck'), 'a')])
    await inTransaction(second, [workspaceId], async (client) => {
      await run(client, LOCK_WAITING, [workspaceId, [workspaceId], ['stuck']])
      const outcomes = await store.change([visitorSends(of('stuck'), 'b'), visitorSends(of('fluent'), 'b')])
      expect(outcomes[0]).toMatchObject({ ok: false, error: { code: 'service.unavailable', retryAfterMs: 1000 } })
      expect(outcomes[1]?.ok).toBe(true)
    })
    expect(await eventsOf('stuck')).toHaveLength(2)
  })

  it('D8: a visitor that somebody else is just making does not fail the rest of the batch', async () => {
    const of = (visitorId: string) => ({ workspaceId, visitorId })
    await inTransaction(second, [workspaceId], async (client) => {
      await client.query('INSERT INTO visitor (workspace_id, visitor_id) VALUES ($1, $2)', [workspaceId, 'newborn'])
      const outcomes = await store.change([visitorSends(of('newborn'), 'a'), visitorSends(of('stranger'), 'a')])
      expect(outcomes).toMatchObject([{ ok: false, error: { code: 'service.unavailable' } }, { ok: true }])
    })
  })

  it('D8: waiting for many locked visitors is no failure of Postgres', async () => {
    const names = Array.from({ length: 24 }, (_, index) => `waited for ${index}`)
    const sends = names.map((visitorId) => visitorSends({ workspaceId, visitorId }, 'a'))
    await store.change(sends)
    let destroyed = 0
    db.pool.on('remove', () => (destroyed += 1))
    await inTransaction(second, [workspaceId], async (client) => {
      await run(client, LOCK_WAITING, [workspaceId, names.map(() => workspaceId), names])
      const early = store.change(sends.slice(0, 12)).catch((error: unknown) => error)
      await wait(20)
      const late = store.change(sends.slice(12)).catch((error: unknown) => error)
      for (const refusal of await Promise.all([early, late]))
        expect(refusal).toMatchObject({ code: 'service.unavailable' })
      expect(db.breaker.mayAsk()).toBe(true)
    })
    expect(destroyed).toBe(0)
  })

  it('read marks at a locked visitor hold up nobody else, and the highest holds in the end', async () => {
    const of = (visitorId: string) => ({ workspaceId, visitorId })
    await store.change(Array.from({ length: 9 }, (_, index) => visitorSends(of('marked'), `text ${index}`)))
    let marking: Promise<unknown> | undefined
    await inTransaction(second, [workspaceId], async (client) => {
      await run(client, LOCK_WAITING, [workspaceId, [workspaceId], ['marked']])
      const seqs = Array.from({ length: 300 }, (_, index) => (index % 10) + 1)
      marking = Promise.all(seqs.map((seq) => store.markRead({ ...of('marked'), by: 'agents', seq })))
      const others = Array.from({ length: 30 }, (_, index) => `unmarked ${index}`)
      const outcomes = await Promise.all(others.map((visitorId) => store.change([visitorSends(of(visitorId), 'a')])))
      expect(outcomes.flat().every(({ ok }) => ok)).toBe(true)
      const marks = others.map((visitorId) => store.markRead({ ...of(visitorId), by: 'agents', seq: 2 }))
      expect(await Promise.all(marks)).toEqual(others.map(() => ({ seq: 2, raised: true })))
    })
    await marking
    expect((await store.thread({ ...of('marked'), internal: true, limit: 1 }))?.thread.conversation).toMatchObject({
      readByAgents: 10,
      unread: 0,
    })
  })

  it('D1: a commit waits for the disk, though the server of these tests would not', async () => {
    const settings = await withConnection(db, async (client) => (await client.query('SHOW synchronous_commit')).rows)
    expect(settings).toEqual([{ synchronous_commit: 'on' }])
  })

  it('Postgres looks after half a minute whether a silent session is there still', async () => {
    const settings = await withConnection(db, async (client) => (await client.query('SHOW tcp_keepalives_idle')).rows)
    expect(settings).toEqual([{ tcp_keepalives_idle: '10' }])
  })

  it('D8: marks at many locked visitors leave the lanes once nobody waits for them', async () => {
    const held = Array.from({ length: 24 }, (_, index) => `held ${index}`)
    await store.change(held.map((visitorId) => visitorSends({ workspaceId, visitorId }, 'a')))
    await inTransaction(second, [workspaceId], async (client) => {
      await run(client, LOCK_WAITING, [workspaceId, held.map(() => workspaceId), held])
      const began = performance.now()
      const marks = held.map((visitorId) => store.markRead({ workspaceId, visitorId, by: 'agents', seq: 1 }))
      for (const outcome of await Promise.allSettled(marks))
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'service.unavailable' } })
      // Three lanes, a second for each lock: all of them in turn would take eight.
      expect(performance.now() - began).toBeLessThan(DEADLINE_MS + 2000)
    })
  })

  it('D3: two nodes that make the same visitor at once make one', async () => {
    for (let round = 0; round < 20; round += 1) {
      const of = { workspaceId, visitorId: `newcomer ${round}` }
      const outcomes = await Promise.all([
        store.change([visitorSends(of, 'from here')]),
        otherNode.change([visitorSends(of, 'from there')]),
      ])
      expect(outcomes.flat().map(({ ok }) => ok)).toEqual([true, true])
      expect((await eventsOf(of.visitorId)).map(({ seq }) => seq)).toEqual([1, 2, 3])
    }
  })

  it('text that Postgres cannot store fails alone', async () => {
    const of = (visitorId: string) => ({ workspaceId, visitorId })
    const outcomes = await store.change([
      visitorSends(of('fine'), 'a'),
      visitorSends(of('nul'), 'a\0b'),
      visitorSends(of('fine too'), 'c'),
    ])
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(await store.thread({ workspaceId, visitorId: 'nul', internal: true, limit: 1 })).toBeUndefined()
  })
})
