import { countingIds, visitorSends } from '@dosti/conversations/testing'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { inTransaction } from '../testing/in-transaction.ts'
import { openTestDb, WORKSPACES } from '../testing/open-db.ts'
import { createDb } from './client.ts'
import type { Db } from './client.ts'
import { createConversationStore } from './conversation-store.ts'
import { scopeText } from './scope.ts'

const [a, b] = WORKSPACES

describe('P3: row-level security', () => {
  let db: Db
  let url: string
  let tables: string[]
  beforeAll(async () => {
    // One connection, so that every query here follows the one before on the same session.
    ;({ db, url } = await openTestDb({ connections: 1 }))
    const store = createConversationStore(db, { ids: countingIds() })
    for (const workspaceId of WORKSPACES) await store.change([visitorSends({ workspaceId, visitorId: 'v' }, 'secret')])
    const { rows } = await db.pool.query<{ name: string }>(`
      SELECT c.relname AS name FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        AND c.relname NOT IN ('_prisma_migrations', 'log_cursor') ORDER BY 1`)
    tables = rows.map(({ name }) => name)
  })

  it('is forced on every table but the two without tenants', async () => {
    expect(tables).toHaveLength(9)
    const { rows } = await db.pool.query(
      `
      SELECT relname FROM pg_class WHERE relname = ANY ($1) AND relrowsecurity AND relforcerowsecurity
        AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)`,
      [tables],
    )
    expect(rows).toHaveLength(9)
  })

  it('a read without scope returns no row, before and after scoped statements', async () => {
    const store = createConversationStore(db, { ids: countingIds() })
    const countAll = async () => {
      const counts = await Promise.all(
        tables.map((table) =>
          db.pool.query<{ count: number }>(`SELECT count(*)::int FROM ${pg.escapeIdentifier(table)}`),
        ),
      )
      return counts.map(({ rows }) => rows[0]?.count)
    }
    expect(await countAll()).toEqual(tables.map(() => 0))
    expect((await store.thread({ workspaceId: a, visitorId: 'v', internal: true, limit: 9 }))?.events).toHaveLength(2)
    expect(await countAll()).toEqual(tables.map(() => 0))
    expect((await store.messages({ workspaceId: a, visitorId: 'v', limit: 9 }))?.messages).toHaveLength(1)
    expect(await store.list({ workspaceId: a, status: 'open', limit: 9 })).toHaveLength(1)
    expect(await countAll()).toEqual(tables.map(() => 0))
    await expect(inTransaction(db, [a], () => Promise.reject(new Error('stop')))).rejects.toThrow('stop')
    expect(await countAll()).toEqual(tables.map(() => 0))
  })

  it('one workspace sees nothing of the other, whatever it asks for', async () => {
    await inTransaction(db, [a], async (client) => {
      for (const table of tables) {
        const column = table === 'workspace' ? 'id' : 'workspace_id'
        const { rows } = await client.query<{ of: string }>(
          `SELECT DISTINCT ${column} AS of FROM ${pg.escapeIdentifier(table)}`,
        )
        for (const { of } of rows) expect(of).toBe(a)
      }
      expect((await client.query(`SELECT FROM event WHERE workspace_id = $1`, [b])).rowCount).toBe(0)
      expect((await client.query(`UPDATE visitor SET name = 'x' WHERE workspace_id = $1`, [b])).rowCount).toBe(0)
    })
  })

  it.each([
    `INSERT INTO visitor (workspace_id, visitor_id) VALUES ('${b}', 'smuggled')`,
    `INSERT INTO workspace (id, name, created_at) VALUES ('wsp_c', 'C', 0)`,
    `INSERT INTO event (workspace_id, visitor_id, stream, seq, id, name, conversation_id, timestamp, actor, data)
     VALUES ('${b}', 'v', 'public', 99, 'msg_x', 'message.sent', 'cnv_x', 1, '{}', '{}')`,
    `UPDATE visitor SET workspace_id = '${b}' WHERE visitor_id = 'v'`,
  ])('cannot write into the other: %s', async (statement) => {
    await expect(inTransaction(db, [a], (client) => client.query(statement))).rejects.toThrow(/row-level security/u)
  })

  it('the log is append-only for services', async () => {
    await expect(inTransaction(db, '*', (client) => client.query(`UPDATE event SET name = 'x'`))).rejects.toThrow(
      /permission denied/u,
    )
    await expect(inTransaction(db, '*', (client) => client.query('DELETE FROM event'))).rejects.toThrow(
      /permission denied/u,
    )
    await expect(inTransaction(db, '*', (client) => client.query('TRUNCATE event'))).rejects.toThrow(
      /permission denied/u,
    )
  })

  it('a scope is made of workspace ids alone', () => {
    expect(() => scopeText(['wsp_a,wsp_b'])).toThrow('not a workspace id')
    expect(() => scopeText(["wsp_'; --"])).toThrow('not a workspace id')
    expect(scopeText([b, a, b])).toBe('wsp_b,wsp_a')
  })

  it('the database is not opened by a role for which the wall is open', async () => {
    const admin = new pg.Client(url)
    await admin.connect()
    await admin.query('ALTER TABLE log_cursor OWNER TO dosti_app')
    await expect(createDb(url)).rejects.toThrow('owns tables')
    await admin.query('ALTER TABLE log_cursor OWNER TO current_user')
    await admin.end()
    await (await createDb(url)).close()
  })

  it('the database is not opened before it is migrated', async () => {
    const address = new URL(url)
    address.pathname = '/postgres'
    await expect(createDb(address.href)).rejects.toThrow('migrate it first')
  })
})
