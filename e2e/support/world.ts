/** The product as it runs: every service a process of its own, on a database and a Redis of this test file. */
import type { AgentId, WorkspaceId } from '@dosti/contracts'
import { hashPassword, randomPublicKey } from '@dosti/runtime'
import { createDatabase, startRedis, startService, type OwnRedis, type RunningService } from '@dosti/testkit'
import pg from 'pg'

export interface TestAgent {
  id: AgentId
  name: string
  email: string
  password: string
}

export interface Workspace {
  id: WorkspaceId
  publicKey: string
  agents: [TestAgent, TestAgent]
}

export interface World {
  /** Each a node; all serve the same people. */
  gateways: RunningService[]
  /** The address of the first gateway. */
  gateway: string
  api: string
  acme: Workspace
  other: Workspace
  databaseUrl: string
  redis: OwnRedis
  /** For what only an operator may do; bypasses row-level security. */
  sql: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>
  /** Variables that every service of this world reads. */
  env: Record<string, string>
}

const PASSWORD = 'correct horse battery staple'

/** Starts Redis, some gateways and the api, with two workspaces of two agents each, on a database of its own or a migrated one. */
export async function startWorld({
  gateways: count = 1,
  env: more = {},
  database,
}: { gateways?: number; env?: Record<string, string>; database?: { url: string } } = {}): Promise<World> {
  const [{ url: databaseUrl }, redis] = await Promise.all([database ?? createDatabase(), startRedis()])
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, idleTimeoutMillis: 500 })
  pool.on('error', () => {})
  const sql: World['sql'] = async (text, values) => (await pool.query<Record<string, unknown>>(text, values)).rows
  const passwordHash = await hashPassword(PASSWORD)
  const acme = await createWorkspace(sql, 'acme', ['Aisha', 'Bilal'], passwordHash)
  const other = await createWorkspace(sql, 'other', ['Carla', 'Dmitri'], passwordHash)
  // The api's address is told to widgets before the api listens, so it has to be known first.
  const env = {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    LOG_LEVEL: 'warn',
    DRAIN_MS: '0',
    INSTALLATION: 'test',
    CONSOLE_URL: 'http://localhost:1',
    ...more,
  }
  const api = await startService('apps/api/src/main.ts', env)
  const gateways = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      startService('apps/gateway/src/main.ts', { ...env, API_URL: api.url, NODE_NAME: `gw${index + 1}` }),
    ),
  )
  return { gateways, gateway: gateways[0]?.url ?? '', api: api.url, acme, other, databaseUrl, redis, sql, env }
}

async function createWorkspace(
  sql: World['sql'],
  name: string,
  people: [string, string],
  passwordHash: string,
): Promise<Workspace> {
  const id: WorkspaceId = `wsp_${name}`
  const publicKey = randomPublicKey()
  await sql('INSERT INTO workspace (id, name, created_at) VALUES ($1, $2, 0)', [id, name])
  await sql('INSERT INTO public_key (workspace_id, key) VALUES ($1, $2)', [id, publicKey])
  const agents = people.map((person): TestAgent => ({
    id: `agt_${person.toLowerCase()}`,
    name: person,
    email: `${person.toLowerCase()}@${name}.example`,
    password: PASSWORD,
  }))
  for (const agent of agents) {
    await sql('INSERT INTO agent (workspace_id, id, name, email, password_hash) VALUES ($1, $2, $3, $4, $5)', [
      id,
      agent.id,
      agent.name,
      agent.email,
      passwordHash,
    ])
  }
  return { id, publicKey, agents: [agents[0] as TestAgent, agents[1] as TestAgent] }
}
