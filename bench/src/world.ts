/** The product as it runs, on a database of its own: a workspace with a key, and an agent who may connect. */
import { migrate } from '@dosti/db/migrate'
import { digest, randomPublicKey, randomToken } from '@dosti/runtime'
import type { Running } from '@dosti/tooling'
import pg from 'pg'
import type { Handshake } from '../load/socket.ts'
import { startNode, type Node } from './processes.ts'
import type { Stores } from './stores.ts'

export const WORKSPACE = 'wsp_bench'

export interface World {
  databaseUrl: string
  key: string
  /** For filling and counting; bypasses row-level security. */
  sql: pg.Pool
  gateway(options?: ServiceOptions): Promise<Node>
  api(options?: ServiceOptions): Promise<Node>
  worker(options?: ServiceOptions): Promise<Node>
  /** The handshakes of some visitors, as the integration guide has them. */
  visitors(count: number, prefix?: string): (Handshake & { visitorId: string })[]
  /** The handshake of an agent's console; good for one connection within 30 seconds. */
  agent(): Promise<Handshake>
}

export interface ServiceOptions {
  flags?: string[]
  env?: Record<string, string>
  port?: number
  core?: number
}

/** Makes and migrates a database and puts one workspace with one agent into it. */
export async function createWorld(running: Running, stores: Stores, name: string): Promise<World> {
  const databaseUrl = await stores.database(name)
  await migrate(databaseUrl)
  const sql = openPool(databaseUrl)
  const key = randomPublicKey()
  await sql.query(`INSERT INTO workspace (id, name, created_at) VALUES ('${WORKSPACE}', 'Bench', 0)`)
  await sql.query('INSERT INTO public_key (workspace_id, key) VALUES ($1, $2)', [WORKSPACE, key])
  await sql.query(
    `INSERT INTO agent (workspace_id, id, name, email, password_hash) VALUES ($1, 'agt_bench', 'Aisha', 'aisha@bench.example', '')`,
    [WORKSPACE],
  )
  await sql.query(
    `INSERT INTO session (workspace_id, id, agent_id, digest, expires_at) VALUES ($1, 'ses_bench', 'agt_bench', $2, $3)`,
    [WORKSPACE, digest(randomToken()), Date.now() + 86_400_000],
  )
  const env = {
    HOST: '127.0.0.1',
    DATABASE_URL: databaseUrl,
    REDIS_URL: stores.redisUrl,
    LOG_LEVEL: 'warn',
    LIMITS: 'off',
    INSTALLATION: 'bench',
    API_URL: 'http://localhost:1',
    GATEWAY_URL: 'http://localhost:1',
    CONSOLE_URL: 'http://localhost:1',
  }
  const start =
    (app: string) =>
    (options: ServiceOptions = {}) =>
      startNode(running, {
        entry: `apps/${app}/src/main.ts`,
        readyPath: '/readyz',
        ...options,
        env: { ...env, ...options.env },
      })
  return {
    databaseUrl,
    key,
    sql,
    gateway: start('gateway'),
    api: start('api'),
    worker: start('worker'),
    visitors: (count, prefix = 'visitor') =>
      Array.from({ length: count }, (_, index) => {
        const visitorId = `${prefix}-${index}`
        return { visitorId, query: { apiKey: key, role: 'visitor', visitorId, visitorName: `Visitor ${index}` } }
      }),
    async agent() {
      const ticket = randomToken()
      await sql.query(
        `INSERT INTO ticket (workspace_id, digest, session_id, expires_at) VALUES ($1, $2, 'ses_bench', $3)`,
        [WORKSPACE, digest(ticket), Date.now() + 30_000],
      )
      return { auth: { protocol: 1, ticket } }
    },
  }
}

/** The table that the baselines store in, with the index that its poll needs. */
export async function createBaselineDatabase(stores: Stores): Promise<{ databaseUrl: string; sql: pg.Pool }> {
  const databaseUrl = await stores.database('baseline')
  const sql = openPool(databaseUrl)
  await sql.query(`
    CREATE TABLE IF NOT EXISTS message (
      id bigserial PRIMARY KEY, visitor_id text NOT NULL, text text NOT NULL, created_at timestamp(3) NOT NULL DEFAULT now());
    CREATE INDEX IF NOT EXISTS message_visitor_id_created_at_idx ON message (visitor_id, created_at)`)
  return { databaseUrl, sql }
}

function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 2 })
  // Idle connections break when Postgres is stopped at the end; without a listener that would end us first.
  pool.on('error', () => {})
  return pool
}
