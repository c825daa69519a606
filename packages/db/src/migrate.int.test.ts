import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startPostgres } from '@dosti/testkit'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDb } from './client.ts'
import { migrate } from './migrate.ts'

const run = promisify(execFile)
const PACKAGE = fileURLToPath(new URL('../', import.meta.url))

describe('migrations', () => {
  let server: string
  let names: string[]
  beforeAll(async () => {
    server = (await startPostgres()).url
    const entries = await readdir(join(PACKAGE, 'prisma/migrations'), { withFileTypes: true })
    names = entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
  })
  const urlOf = (database: string, user?: string) => {
    const url = new URL(server)
    url.pathname = `/${database}`
    if (user !== undefined) [url.username, url.password] = [user, 'secret']
    return url.href
  }
  const query = async (text: string, url = server) => {
    const client = new pg.Client(url)
    await client.connect()
    try {
      return await client.query<Record<string, unknown>>(text)
    } finally {
      await client.end()
    }
  }
  /** The CLI as a developer runs it. */
  const prisma = (url: string, args: string[], folder = PACKAGE) =>
    run(join(PACKAGE, 'node_modules/.bin/prisma'), args, {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: url, CI: '1' },
    })

  it('makes a missing database, applies everything once, and leaves no connection behind', async () => {
    // On a server that never saw a migration even the role is missing.
    await expect(createDb(server)).rejects.toThrow('migrate it first')
    expect(await migrate(urlOf('fresh'))).toEqual(names)
    expect(await migrate(urlOf('fresh'))).toEqual([])
    await expect
      .poll(async () => (await query(`SELECT FROM pg_stat_activity WHERE datname = 'fresh'`)).rowCount, {
        timeout: 3000,
      })
      .toBe(0)
    const db = await createDb(urlOf('fresh'))
    await db.close()
  })

  it('several at once, on one database and on several, apply each migration once', async () => {
    const databases = ['twin', 'twin', 'twin', 'other 1', 'other 2']
    const applied = await Promise.all(databases.map((database) => migrate(urlOf(database))))
    expect(applied.slice(0, 3).toSorted((a, b) => a.length - b.length)).toEqual([[], [], names])
    expect(applied.slice(3)).toEqual([names, names])
  })

  it('works for a plain owner who is no superuser, and keeps the wall for it', async () => {
    await query(`CREATE ROLE plain LOGIN PASSWORD 'secret'`)
    await query('CREATE DATABASE plain OWNER plain')
    // A server where the role is already there, made by somebody else, is the harder case.
    await expect(migrate(urlOf('plain', 'plain'))).rejects.toThrow('GRANT dosti_app TO plain')
    await query('GRANT dosti_app TO plain')
    await query(`UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL`, urlOf('plain'))
    expect(await migrate(urlOf('plain', 'plain'))).toEqual(names)
    const db = await createDb(urlOf('plain', 'plain'))
    expect((await db.pool.query<{ who: string }>('SELECT current_user AS who')).rows).toEqual([{ who: 'dosti_app' }])
    await db.close()
    await query(
      `SELECT set_config('dosti.scope', 'wsp_x', false); INSERT INTO workspace VALUES ('wsp_x', 'X', 0)`,
      urlOf('plain', 'plain'),
    )
    expect((await query('SELECT * FROM workspace', urlOf('plain', 'plain'))).rowCount).toBe(0)
  })

  it('20261127000001: the head moves to its visitor with all that it holds, for a plain owner too', async () => {
    const name = '20261127000001_head_on_visitor'
    const textOf = (migration: string) =>
      readFile(join(PACKAGE, 'prisma/migrations', migration, 'migration.sql'), 'utf8')
    await query(`CREATE ROLE mover LOGIN PASSWORD 'secret' IN ROLE dosti_app`)
    await query('CREATE DATABASE moved OWNER mover')
    const url = urlOf('moved', 'mover')
    for (const before of names.slice(0, names.indexOf(name))) await query(await textOf(before), url)
    await query(
      `SET dosti.scope = 'wsp_x';
      INSERT INTO workspace VALUES ('wsp_x', 'X', 0);
      INSERT INTO visitor (workspace_id, visitor_id, conversation_id) VALUES ('wsp_x', 'wrote', 'cnv_2'), ('wsp_x', 'never wrote', NULL);
      INSERT INTO conversation (workspace_id, id, visitor_id, status, is_current, agents, assignee_id, assignee_name, last_text,
        last_from, last_at, opened_at, closed_at, updated_at, read_by_agents, read_by_visitor, unread)
      VALUES ('wsp_x', 'cnv_1', 'wrote', 'closed', false, '[]', NULL, NULL, 'old', 'visitor', 1, 1, 2, 2, 1, 1, 1),
        ('wsp_x', 'cnv_2', 'wrote', 'closed', true, '[{"id": "agt_a", "name": "Ann"}]', 'agt_a', 'Ann', 'new', 'agent', 10003, 10001,
          20004, 20005, 6, 7, 8);
      INSERT INTO alert (workspace_id, id, conversation_id, visitor_id, event_seq, step, due_at)
      VALUES ('wsp_x', 'alr_1', 'cnv_1', 'wrote', 1, 1, 0)`,
      url,
    )
    await query(await textOf(name), url)
    const { rows } = await query('SELECT * FROM visitor ORDER BY visitor_id DESC', urlOf('moved'))
    expect(rows).toEqual([
      expect.objectContaining({
        visitor_id: 'wrote',
        conversation_id: 'cnv_2',
        status: 'closed',
        agents: [{ id: 'agt_a', name: 'Ann' }],
        assignee_id: 'agt_a',
        assignee_name: 'Ann',
        last_text: 'new',
        last_from: 'agent',
        last_at: '10003',
        opened_at: '10001',
        closed_at: '20004',
        updated_at: '20005',
        listed_at: '20000',
        read_by_agents: 6,
        read_by_visitor: 7,
        unread: 8,
      }),
      expect.objectContaining({
        visitor_id: 'never wrote',
        conversation_id: null,
        status: null,
        agents: [],
        unread: 0,
      }),
    ])
    expect((await query('SELECT FROM alert', urlOf('moved'))).rowCount).toBe(1)
  })

  it('a log that was restored from another cluster lies before what is written from now on', async () => {
    const url = urlOf('restored')
    await migrate(url)
    const write = (seq: number, xid?: string) =>
      query(
        `SET dosti.scope = '*';
        INSERT INTO event (workspace_id, visitor_id, stream, seq, id, name, conversation_id, timestamp, actor, data${xid === undefined ? '' : ', xid'})
        VALUES ('wsp_x', 'v', 'public', ${seq}, 'msg_${seq}', 'message.sent', 'cnv_1', ${seq}, '{}', '{"text": "x"}'${xid === undefined ? '' : `, '${xid}'`})`,
        url,
      )
    await query(
      `SET dosti.scope = '*';
      INSERT INTO workspace VALUES ('wsp_x', 'X', 0);
      INSERT INTO visitor (workspace_id, visitor_id) VALUES ('wsp_x', 'v');
      INSERT INTO log_cursor VALUES ('alerts', '900000000001', 2)`,
      url,
    )
    await write(1, '5')
    await write(2, '900000000001')
    await write(3, '900000000002')
    await migrate(url)
    await write(4)
    const { rows } = await query(
      `SET dosti.scope = '*';
      SELECT e.seq, (e.xid, e.log_id) > (c.xid, c.log_id) AS is_news FROM event e CROSS JOIN log_cursor c ORDER BY e.xid, e.log_id`,
      url,
    ).then((results) => (results as unknown as { rows: unknown[] }[]).at(-1) ?? { rows: [] })
    expect(rows).toEqual([
      { seq: 2, is_news: false },
      { seq: 3, is_news: false },
      { seq: 1, is_news: false },
      { seq: 4, is_news: true },
    ])
    // A log of this cluster stays as it is.
    const numbers = () => query(`SELECT xid::text, log_id FROM log_cursor`, url).then(({ rows: all }) => all)
    const before = await numbers()
    await migrate(url)
    expect(await numbers()).toEqual(before)
  })

  it('says when the server is not there', async () => {
    await expect(migrate('postgresql://postgres@127.0.0.1:1/none')).rejects.toThrow('ECONNREFUSED')
  })

  it('the schema and the migrations say the same', async () => {
    await migrate(urlOf('drift'))
    const diff = (...args: string[]) => prisma(urlOf('drift'), ['migrate', 'diff', '--exit-code', ...args])
    await diff('--from-config-datasource', '--to-schema', 'prisma/schema.prisma')
    await diff('--from-migrations', 'prisma/migrations', '--to-schema', 'prisma/schema.prisma')
    await query('ALTER TABLE visitor ADD COLUMN surprise text', urlOf('drift'))
    await expect(diff('--from-config-datasource', '--to-schema', 'prisma/schema.prisma')).rejects.toMatchObject({
      code: 2,
    })
    const { rows } = await query(`SELECT datname FROM pg_database WHERE datname LIKE 'prisma_shadow%'`)
    expect(rows).toEqual([])
  }, 60_000)

  it('the CLI sees what was applied without it, and the other way round', async () => {
    await migrate(urlOf('status'))
    expect((await prisma(urlOf('status'), ['migrate', 'status'])).stdout).toContain('up to date')
    await prisma(urlOf('deployed'), ['migrate', 'deploy'])
    expect(await migrate(urlOf('deployed'))).toEqual([])
  }, 60_000)

  describe('in a copy of the package', () => {
    let copy: string
    beforeAll(async () => {
      copy = await mkdtemp(join(tmpdir(), 'dosti-migrate-'))
      for (const name of ['prisma', 'bin', 'src', 'prisma.config.ts', 'package.json']) {
        await cp(join(PACKAGE, name), join(copy, name), { recursive: true })
      }
      await symlink(join(PACKAGE, 'node_modules'), join(copy, 'node_modules'))
    })
    afterAll(() => rm(copy, { recursive: true, force: true }))

    it('migrate dev writes and applies the next migration', async () => {
      await query('CREATE DATABASE developed')
      const schema = join(copy, 'prisma/schema.prisma')
      await writeFile(
        schema,
        `${await readFile(schema, 'utf8')}\nmodel Extra {\n  id String @id\n\n  @@map("extra")\n}\n`,
      )
      await prisma(urlOf('developed'), ['migrate', 'dev', '--name', 'extra'], copy)
      const added = (await readdir(join(copy, 'prisma/migrations'))).filter((name) => name.endsWith('_extra'))
      expect(added).toHaveLength(1)
      expect(await readFile(join(copy, 'prisma/migrations', added[0] ?? '', 'migration.sql'), 'utf8')).toContain(
        'CREATE TABLE "extra"',
      )
      expect((await query('SELECT * FROM extra', urlOf('developed'))).rowCount).toBe(0)
    }, 60_000)
  })

  it('the engine is the one that the CLI expects', async () => {
    const version = await prisma(server, ['--version'])
    const hash = /Default Engines Hash\s*:\s*(\w+)/u.exec(version.stdout)?.[1]
    const wasm = JSON.parse(
      await readFile(join(PACKAGE, 'node_modules/@prisma/schema-engine-wasm/package.json'), 'utf8'),
    ) as { version: string }
    expect(hash).toBeDefined()
    expect(wasm.version.endsWith(hash ?? 'none')).toBe(true)
  }, 30_000)
})
