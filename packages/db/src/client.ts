import { DostiError } from '@dosti/contracts'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { parseIntoClientConfig } from 'pg-connection-string'
import { PrismaClient } from './generated/client.ts'
import { createBreaker, type Breaker } from './breaker.ts'
import { isSqlError, sqlState, translate, unavailable } from './unavailable.ts'

/** What one request may cost in all, waiting for a connection included. */
export const DEADLINE_MS = 2500

/** A write to a standby. */
const READ_ONLY = '25006'

/** More requests than this waiting for a connection are refused at once, so that a flood does not grow the memory. */
const WAITING_MAX = 1000

/**
 * What every session starts with. All that services run are look-ups by key, so one plan serves all values: left to itself,
 * Postgres plans a batch anew each time, since it likes its guess for the arrays at hand better, and spends longer on that than
 * on running it. And a kept plan that was made while a table was empty would go on scanning it as it grows, until something
 * analyzes it: so scans and the joins that need them are out. And an acknowledged message is on the disk, whatever the role or the
 * database has for a default.
 */
export const SESSION_OPTIONS = [
  'role=dosti_app',
  'synchronous_commit=on',
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'jit=off',
  // A machine of ours that is gone closes nothing: its sessions would hold their locks, and their place, for two hours.
  'tcp_keepalives_idle=10',
  'tcp_keepalives_interval=5',
  'tcp_keepalives_count=3',
]
  .map((setting) => `-c ${setting}`)
  .join(' ')

/** The open database of one process. */
export interface Db {
  /** For the stores' own SQL; nothing in it ends a query that is never answered, so use it through `withConnection`. */
  readonly pool: pg.Pool
  readonly breaker: Breaker
  /** For ordinary queries; use it through `scoped`. */
  readonly prisma: PrismaClient
  /** Resolves if Postgres answers; rejects with `service.unavailable` within three seconds. */
  ready(): Promise<void>
  /** Ends all connections once their queries are done. */
  close(): Promise<void>
}

export interface DbOptions {
  /** Shown in pg_stat_activity. */
  name?: string
  /** Connections of this process at most. */
  connections?: number
  /** Told of idle connections that broke; they are replaced by themselves. */
  onConnectionError?: (error: Error) => void
}

/**
 * Opens the database as the role `dosti_app`. Rejects if the schema is missing or if row-level security would not hold for
 * the connection: a tenant's wall that is silently open is worse than no service.
 */
export async function createDb(url: string, options: DbOptions = {}): Promise<Db> {
  const config = parseIntoClientConfig(url)
  // No `query_timeout`: with that timer more than twice as much of a message outlives the young generation, and pauses grow fourfold.
  const pool = new pg.Pool({
    ...config,
    options: [config.options, SESSION_OPTIONS].filter(Boolean).join(' '),
    application_name: options.name ?? 'dosti',
    max: options.connections ?? 10,
    connectionTimeoutMillis: 2000,
    // Kept while idle: a new one costs Postgres a process that reads every page for the first time, and each pause of a small site
    // would end all of them.
    idleTimeoutMillis: 0,
    statement_timeout: DEADLINE_MS,
    lock_timeout: 1000,
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
  })
  pool.on('error', (error) => options.onConnectionError?.(error))
  // The pool listens to idle clients alone; one that breaks in use must not end the process, its query fails anyway.
  pool.on('connect', (client) => client.on('error', () => {}))
  const prisma = new PrismaClient({
    adapter: new PrismaPg(lend(pool)),
    transactionOptions: { maxWait: 2000, timeout: DEADLINE_MS },
  })
  const db: Db = {
    pool,
    breaker: createBreaker(),
    prisma,
    ready: () => withConnection(db, async (client) => void (await client.query('SELECT 1'))),
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    },
  }
  try {
    await withConnection(db, requireWall)
  } catch (error) {
    await db.close()
    if (sqlState(error) === '22023') throw notMigrated(error)
    throw error
  }
  return db
}

/**
 * The pool as Prisma gets it. Prisma waits for ever where no answer comes, and nobody could take its connection back: so one that it
 * still holds when its transaction must be over is destroyed.
 */
function lend(pool: pg.Pool): pg.Pool {
  const connect = async (): Promise<pg.PoolClient> => {
    const client = await pool.connect()
    const release = client.release.bind(client)
    let isBack = false
    const giveBack = (error?: Error | boolean) => {
      clearTimeout(overdue)
      if (!isBack) release(error)
      isBack = true
    }
    const overdue = setTimeout(giveBack, DEADLINE_MS + 500, true)
    client.release = giveBack
    return client
  }
  return Object.create(pool, { connect: { value: connect }, query: { value: pool.query.bind(pool) } }) as pg.Pool
}

/**
 * Runs some queries on one connection, all of them within `timeoutMs`. When the time is over the connection is destroyed
 * and the outcome of what ran is unknown. Errors of an absent database come out as `service.unavailable`.
 */
export async function withConnection<T>(
  db: Pick<Db, 'pool' | 'breaker'>,
  work: (client: pg.PoolClient) => Promise<T>,
  timeoutMs: number = DEADLINE_MS,
): Promise<T> {
  if (!db.breaker.mayAsk()) throw unavailable(new Error('Postgres has not answered for a while'))
  if (db.pool.waitingCount >= WAITING_MAX) throw unavailable(new Error('too many requests wait for a connection'))
  let held: pg.PoolClient | undefined
  let late = false
  const release = (destroy: boolean) => {
    held?.release(destroy)
    held = undefined
  }
  const working = async () => {
    const client = await db.pool.connect()
    if (late) {
      client.release()
      throw new Error('the caller waits no more')
    }
    held = client
    try {
      const result = await work(client)
      // Within a transaction that somebody left open, whoever comes next would commit nothing and not be told.
      release(client.getTransactionStatus() !== 'I')
      return result
    } catch (error) {
      // After an ordinary error of Postgres the connection is as good as before. But one to a standby, opened while the
      // primary changed, would stay: its name leads to the new one by now.
      release(!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR' || error.code === READ_ONLY)
      throw error
    }
  }
  try {
    const result = await withinDeadline(working(), timeoutMs, () => {
      late = true
      release(true)
    })
    db.breaker.answered()
    return result
  } catch (error) {
    // An error that is not about the line to Postgres came over it, or from our own code after it.
    if (error instanceof DostiError && error.code === 'service.unavailable' && !isSqlError(error)) db.breaker.failed()
    else db.breaker.answered()
    throw error
  }
}

/** Answers in time, even for a driver that waits for ever; errors of an absent database come out as `service.unavailable`. */
export async function withinDeadline<T>(work: Promise<T>, timeoutMs: number, onLate: () => void): Promise<T> {
  const { promise: deadline, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    onLate()
    reject(unavailable(new Error(`no answer within ${timeoutMs} ms`)))
  }, timeoutMs)
  // The loser of the race must not end the process.
  work.catch(() => {})
  try {
    return await Promise.race([work, deadline])
  } catch (error) {
    throw translate(error)
  } finally {
    clearTimeout(timer)
  }
}

async function requireWall(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ role: string; bypasses: boolean; owns: boolean; migrated: boolean }>(`
    SELECT current_user AS role, r.rolsuper OR r.rolbypassrls AS bypasses,
      EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.visitor') AND attname = 'listed_at' AND attgenerated = '') AS migrated,
      EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p')) AS owns
    FROM pg_roles r WHERE r.rolname = current_user`)
  const found = rows[0]
  if (found === undefined || !found.migrated) throw notMigrated(undefined)
  if (found.bypasses || found.owns) {
    throw new Error(
      `The database role "${found.role}" ${found.bypasses ? 'bypasses row-level security' : 'owns tables'}, so workspaces would not be kept apart; connect as a member of dosti_app.`,
    )
  }
}

function notMigrated(cause: unknown): Error {
  return new Error('The database is empty or older than this program; migrate it first.', { cause })
}
