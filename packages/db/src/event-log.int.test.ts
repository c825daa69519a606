import { setTimeout } from 'node:timers/promises'
import type { WorkspaceId } from '@dosti/contracts'
import { agentAssigns, agentCloses, agentReopens, agentSends, visitorSends } from '@dosti/conversations/testing'
import { alertsFor } from '@dosti/conversations'
import { startPostgres } from '@dosti/testkit'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { inTransaction } from '../testing/in-transaction.ts'
import { addWorkspaces, openDb, randomIds as ids } from '../testing/open-db.ts'
import { createAccountStore } from './account-store.ts'
import { createAlertStore } from './alert-store.ts'
import type { Db } from './client.ts'
import { LOCK_WAITING } from './conversation-statements.ts'
import { createConversationStore } from './conversation-store.ts'
import { createEventLog, type AddedAlert, type LedLog, type LogEntry } from './event-log.ts'
import { SET_LEADER, TRY_LEAD } from './log-statements.ts'
import { migrate } from './migrate.ts'
import { scoped } from './scope.ts'
import { run } from './statement.ts'

const workspaceId = 'wsp_a'

// A server of its own: the oldest running transaction of the whole server decides what a follower may read.
describe('the log and its follower', () => {
  let url: string
  let db: Db
  let store: ReturnType<typeof createConversationStore>
  beforeAll(async () => {
    url = (await startPostgres()).url
    await migrate(url)
    db = await openDb(url)
    await addWorkspaces(db)
    store = createConversationStore(db, { ids })
  })

  /** Leads for one piece of work. */
  async function leading<T>(of: Db, work: (log: LedLog) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const stop = new AbortController()
    const log = createEventLog(of, { ids, onError: reject })
    const led = log.lead(async (led) => {
      await work(led).then(resolve, reject)
      stop.abort()
    }, stop.signal)
    const result = await promise
    await led
    return result
  }
  const textsOf = (entries: Pick<LogEntry, 'event'>[]) =>
    entries.flatMap(({ event }) => ('text' in event.data ? [event.data.text] : []))

  it('reads in the order of commits and misses nothing of a transaction that commits late', async () => {
    await store.change([visitorSends({ workspaceId, visitorId: 'early' }, 'one')])
    const slow = new pg.Client(url)
    await slow.connect()
    await slow.query('BEGIN')
    await slow.query(`INSERT INTO event (workspace_id, visitor_id, stream, seq, id, name, conversation_id, timestamp, actor, data)
      VALUES ('wsp_b', 'late', 'public', 1, 'msg_late', 'message.sent', 'cnv_late', 1, '{"kind":"system"}', '{"text":"late"}')`)
    await store.change([visitorSends({ workspaceId, visitorId: 'early' }, 'two')])
    await leading(db, async (log) => {
      const before = await log.readAfterCursor(100)
      expect(textsOf(before)).toEqual(['one'])
      const last = before.at(-1)
      if (last === undefined) throw new Error('nothing was read')
      await log.advance(last.position, [])
      expect(await log.readAfterCursor(100)).toEqual([])
      // What may not be read yet waits as well.
      const held = await createEventLog(db, { ids }).lagMs()
      await setTimeout(5)
      expect(await createEventLog(db, { ids }).lagMs()).toBeGreaterThan(held)
      await slow.query('COMMIT')
      await slow.end()
      const after = await log.readAfterCursor(100)
      expect(textsOf(after).toSorted()).toEqual(['late', 'two'])
      expect(after.find(({ event }) => event.visitorId === 'late')?.workspaceId).toBe('wsp_b')
      expect(await log.readAfterCursor(1)).toHaveLength(1)
      await log.advance(after.at(-1)?.position ?? last.position, [])
      expect(await log.readAfterCursor(100)).toEqual([])
      expect(await createEventLog(db, { ids }).lagMs()).toBe(0)
      // Backwards is refused: somebody else has led since.
      await expect(log.advance(last.position, [])).rejects.toThrow('stands beyond')
    })
  })

  it('alert rows and the cursor are written together, or neither', async () => {
    const of = { workspaceId, visitorId: 'atomic' } as const
    await store.change([visitorSends(of, 'help')])
    await leading(db, async (log) => {
      const entries = await log.readAfterCursor(100)
      const position = entries.at(-1)?.position ?? { xid: '0', logId: 0 }
      const nobody = { workspaceId, visitorId: 'nobody', conversationId: 'cnv_missing' } as const
      const draft = { ...nobody, eventSeq: 2, step: 1, dueAt: 0 } as const
      await expect(log.advance(position, [draft])).rejects.toThrow(/foreign key/u)
      expect(await log.readAfterCursor(100)).toEqual(entries)
      const added = await follow(log)
      expect(added).toHaveLength(2)
      // By the database's clock, whatever the one of this process says.
      expect(Math.abs(added[0]?.dueInMs ?? Infinity)).toBeLessThan(10_000)
      // Each row's by the clock at its own moment.
      expect(Math.abs((added[1]?.dueInMs ?? 0) - (added[0]?.dueInMs ?? 0) - 30_000)).toBeLessThan(100)
      expect(await log.readAfterCursor(100)).toEqual([])
    })
  })

  it('whoever leads and stands still leads no more', async () => {
    const client = await db.pool.connect()
    const ended = new Promise((resolve) => client.once('error', resolve))
    expect(await run(client, TRY_LEAD, ['frozen'])).toEqual([{ leads: true }])
    await run(client, SET_LEADER, [])
    expect((await client.query('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: 'off' }])
    await ended
    client.release(true)
    await inTransaction(db, [workspaceId], async (other) => {
      expect(await run(other, TRY_LEAD, ['frozen'])).toEqual([{ leads: true }])
    })
  }, 10_000)

  it('alerts are made while somebody writes to their visitor', async () => {
    const of = { workspaceId, visitorId: 'written to' } as const
    await store.change([visitorSends(of, 'help')])
    await inTransaction(db, [workspaceId], async (client) => {
      await run(client, LOCK_WAITING, [workspaceId, [workspaceId], [of.visitorId]])
      expect(await leading(db, follow)).toHaveLength(2)
    })
  })

  it('a message that nobody attends rings; the next one while it rings does not', async () => {
    const of = { workspaceId, visitorId: 'rings' } as const
    await store.change([visitorSends(of, 'hello?', { name: 'Sam' })])
    const [first] = await leading(db, follow)
    await store.change([visitorSends(of, 'anybody?')])
    expect(await leading(db, follow)).toEqual([])
    const alerts = createAlertStore(db)
    const due = await alerts.due(100, 0)
    expect(due.map(({ alertId }) => alertId)).toContain(first?.alertId)
    expect((await alerts.due(100, 3_600_000)).map(({ alertId }) => alertId)).not.toContain(first?.alertId)
    // Whoever takes it first, gets it: an alert rings once.
    const taken = await Promise.all([1, 2, 3].map(() => alerts.take(workspaceId, first?.alertId ?? 'alr_')))
    const raised = taken.filter((one) => one !== undefined)
    expect(raised).toEqual([
      {
        workspaceId,
        alert: expect.objectContaining({
          alertId: first?.alertId,
          visitorId: 'rings',
          visitorName: 'Sam',
          text: 'anybody?',
          step: 1,
        }),
        agents: ['agt_ann', 'agt_ben'],
      },
    ])
  })

  it('the leader waits for no disk; whoever takes an alert flushes what made it', async () => {
    await store.change([visitorSends({ workspaceId, visitorId: 'flushed' }, 'hello?')])
    const [first] = await leading(db, follow)
    const made = await bytesOfLog(db, 'insert')
    expect(await createAlertStore(db).take(workspaceId, first?.alertId ?? 'alr_')).toBeDefined()
    expect(await bytesOfLog(db, 'flush')).toBeGreaterThanOrEqual(made)
  })

  it('P4 rings for no agent whose membership ended', async () => {
    const accounts = createAccountStore(db)
    await scoped(db, [workspaceId], (tx) =>
      tx.agent.create({
        data: { workspaceId, id: 'agt_gone', name: 'Gus', email: 'gus@example.com', passwordHash: 'hash' },
      }),
    )
    await accounts.removeAgent(workspaceId, 'agt_gone')
    await store.change([visitorSends({ workspaceId, visitorId: 'whom?' }, 'hello?')])
    const [first] = await leading(db, follow)
    const taken = await createAlertStore(db).take(workspaceId, first?.alertId ?? 'alr_')
    expect(taken?.agents).toEqual(['agt_ann', 'agt_ben'])
  })

  it('P4 where every membership ended it rings for nobody, and nobody else waits for that', async () => {
    const deserted = 'wsp_deserted' as const
    await scoped(db, [deserted], (tx) =>
      tx.workspace.create({ data: { id: deserted, name: 'Deserted', createdAt: 0 } }),
    )
    await store.change([visitorSends({ workspaceId: deserted, visitorId: 'hello?' }, 'hello?')])
    const [first] = await leading(db, follow)
    const alerts = createAlertStore(db)
    expect((await alerts.take(deserted, first?.alertId ?? 'alr_'))?.agents).toEqual([])
    expect((await alerts.rung([deserted, workspaceId], 60_000, 100)).map(({ workspaceId: id }) => id)).toContain(
      deserted,
    )
  })

  it('what rang can be read again while the visitor waits, in the scope of its workspace', async () => {
    const of = { workspaceId, visitorId: 'again' } as const
    await store.change([visitorSends(of, 'hello?')])
    const [first] = await leading(db, follow)
    const alerts = createAlertStore(db)
    const again = async (id: WorkspaceId, withinMs = 60_000) =>
      (await alerts.rung([id], withinMs, 100)).filter(({ alert }) => alert.visitorId === 'again')
    expect(await again(workspaceId)).toEqual([])
    const raised = await alerts.take(workspaceId, first?.alertId ?? 'alr_')
    expect(await again(workspaceId)).toEqual([raised])
    expect(await again(workspaceId, -60_000)).toEqual([])
    expect(await again('wsp_b')).toEqual([])
    await store.markRead({ ...of, by: 'agents', seq: 99 })
    expect(await again(workspaceId)).toEqual([])
  })

  it('what rang is read in the order it rang, as those saw it who were there', async () => {
    const alerts = createAlertStore(db)
    const visitorIds = ['second', 'third', 'first']
    const added = []
    for (const visitorId of visitorIds) {
      await store.change([visitorSends({ workspaceId, visitorId }, 'hello?')])
      added.push((await leading(db, follow))[0])
    }
    for (const index of [2, 0, 1]) {
      await alerts.take(workspaceId, added[index]?.alertId ?? 'alr_')
      await setTimeout(2)
    }
    const rung = (await alerts.rung([workspaceId], 60_000, 100)).map(({ alert }) => alert.visitorId)
    expect(rung.filter((visitorId) => visitorIds.includes(visitorId))).toEqual(['first', 'second', 'third'])
  })

  it('whoever has the conversation and is no member any more attends nobody', async () => {
    const of = { workspaceId, visitorId: 'left alone' } as const
    const left = { id: 'agt_left', name: 'Lee' } as const
    await scoped(db, [workspaceId], (tx) =>
      tx.agent.create({
        data: { workspaceId, ...left, email: 'lee@example.com', passwordHash: 'hash', available: true },
      }),
    )
    await store.change([visitorSends(of, 'hi'), agentAssigns(of, left)])
    await leading(db, follow)
    // As an operator does it, who knows of no availability.
    await scoped(db, [workspaceId], (tx) =>
      tx.agent.updateMany({ where: { workspaceId, id: left.id }, data: { removedAt: 1n } }),
    )
    await store.change([agentCloses(of), agentReopens(of), visitorSends(of, 'still there?')])
    expect(await leading(db, follow)).toHaveLength(2)
  })

  it.each([
    ['a read', () => store.markRead({ workspaceId, visitorId: 'a read', by: 'agents', seq: 99 })],
    ['a reply', () => store.change([agentSends({ workspaceId, visitorId: 'a reply' }, 'yes?')])],
    [
      'an assignment to somebody on duty',
      () =>
        store.change([
          agentAssigns({ workspaceId, visitorId: 'an assignment to somebody on duty' }, { id: 'agt_ann', name: 'Ann' }),
        ]),
    ],
  ])('%s cancels what is still due', async (visitorId, react) => {
    await store.change([visitorSends({ workspaceId, visitorId }, 'help')])
    const added = await leading(db, follow)
    expect(added).toHaveLength(2)
    await react()
    const alerts = createAlertStore(db)
    for (const { alertId } of added) expect(await alerts.take(workspaceId, alertId)).toBeUndefined()
    const open = new Set((await alerts.due(100, -60_000)).map(({ alertId }) => alertId))
    expect(added.filter(({ alertId }) => open.has(alertId))).toEqual([])
  })

  it('a message that an earlier ring was for too still rings when only the earlier one was read', async () => {
    const of = { workspaceId, visitorId: 'read too early' } as const
    await store.change([visitorSends(of, 'hello?')])
    const [first, second] = await leading(db, follow)
    const alerts = createAlertStore(db)
    expect(await alerts.take(workspaceId, first?.alertId ?? 'alr_')).toBeDefined()
    await store.change([visitorSends(of, 'one more thing')])
    expect(await leading(db, follow)).toEqual([])
    await store.markRead({ ...of, by: 'agents', seq: 2 })
    expect((await alerts.take(workspaceId, second?.alertId ?? 'alr_'))?.alert.text).toBe('one more thing')
  })

  it('a message that rings by itself is not rung for by an earlier one that was read', async () => {
    const of = { workspaceId, visitorId: 'read in time' } as const
    await store.change([visitorSends(of, 'hello?')])
    const [, second] = await leading(db, follow)
    await store.markRead({ ...of, by: 'agents', seq: 2 })
    await store.change([visitorSends(of, 'one more thing')])
    expect(await leading(db, follow)).toHaveLength(2)
    expect(await createAlertStore(db).take(workspaceId, second?.alertId ?? 'alr_')).toBeUndefined()
  })

  it('a conversation that is reopened rings anew, whatever rang before it was closed', async () => {
    const of = { workspaceId, visitorId: 'reopened' } as const
    await store.change([visitorSends(of, 'hello?')])
    expect(await leading(db, follow)).toHaveLength(2)
    await store.change([agentCloses(of), agentReopens(of), visitorSends(of, 'hello again?')])
    expect(await leading(db, follow)).toHaveLength(2)
    await store.change([visitorSends(of, 'anybody?')])
    expect(await leading(db, follow)).toEqual([])
  })

  it('rings for those on duty, though an agent who is away has it; for all if nobody is', async () => {
    const of = { workspaceId, visitorId: 'away' } as const
    const accounts = createAccountStore(db)
    await accounts.setAvailability(workspaceId, 'agt_ben', false)
    await store.change([visitorSends(of, 'hi'), agentAssigns(of, { id: 'agt_ben', name: 'Ben' })])
    const [first, second] = await leading(db, follow)
    const alerts = createAlertStore(db)
    expect((await alerts.take(workspaceId, first?.alertId ?? 'alr_'))?.agents).toEqual(['agt_ann'])
    await accounts.setAvailability(workspaceId, 'agt_ann', false)
    expect((await alerts.take(workspaceId, second?.alertId ?? 'alr_'))?.agents).toEqual(['agt_ann', 'agt_ben'])
    await accounts.setAvailability(workspaceId, 'agt_ann', true)
    await accounts.setAvailability(workspaceId, 'agt_ben', true)
  })

  it('P3: an alert is not taken by another workspace', async () => {
    await store.change([visitorSends({ workspaceId, visitorId: 'private' }, 'x')])
    const [first] = await leading(db, follow)
    const alerts = createAlertStore(db)
    expect(await alerts.take('wsp_b', first?.alertId ?? 'alr_')).toBeUndefined()
    expect(await alerts.take(workspaceId, first?.alertId ?? 'alr_')).toBeDefined()
  })

  it('one process leads; another takes over within five seconds when its session dies', async () => {
    const second = await openDb(url, { name: 'second' })
    const stop = new AbortController()
    const terms: string[] = []
    const lead = (name: string, of: Db) =>
      createEventLog(of, { ids }).lead(async (_log, signal) => {
        terms.push(name)
        const { promise, resolve } = Promise.withResolvers<void>()
        signal.addEventListener('abort', () => resolve())
        await promise
      }, stop.signal)
    const leaders = [lead('first', db)]
    await expect.poll(() => terms).toEqual(['first'])
    leaders.push(lead('second', second))
    const admin = new pg.Client(url)
    await admin.connect()
    await setTimeout(1500)
    expect(terms).toEqual(['first'])
    const killed = await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'`)
    expect(killed.rowCount).toBe(1)
    await expect.poll(() => terms.length, { timeout: 5000 }).toBe(2)
    await admin.end()
    stop.abort()
    await Promise.all(leaders)
  })

  it('a leader whose session died can write no more', async () => {
    const stop = new AbortController()
    const admin = new pg.Client(url)
    await admin.connect()
    const results: string[] = []
    await createEventLog(db, { ids }).lead(async (log) => {
      await admin.query(`SELECT pg_terminate_backend(pid, 2000) FROM pg_locks WHERE locktype = 'advisory'`)
      results.push(
        await log.advance({ xid: '99999999', logId: 1 }, []).then(
          () => 'wrote',
          () => 'refused',
        ),
      )
      stop.abort()
    }, stop.signal)
    expect(results).toEqual(['refused'])
    await admin.end()
  })
})

/** What a worker does with what is new in the log. */
async function follow(log: LedLog): Promise<AddedAlert[]> {
  const entries = await log.readAfterCursor(100)
  const drafts = entries.flatMap(({ workspaceId, event, standing }) =>
    alertsFor(workspaceId, event, standing?.attendance, standing?.dueSeqs ?? []),
  )
  const position = entries.at(-1)?.position
  return position === undefined ? [] : await log.advance(position, drafts)
}

async function bytesOfLog(db: Db, upTo: 'insert' | 'flush'): Promise<number> {
  const { rows } = await db.pool.query<{ at: string }>(`SELECT pg_current_wal_${upTo}_lsn() - '0/0' AS at`)
  return Number(rows[0]?.at)
}
