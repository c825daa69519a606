/** What is broken: two gateways, the api, a worker, a durable Postgres and a Redis, with a proxy on every line between them. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@dosti/db/migrate'
import { hashPassword, randomPublicKey } from '@dosti/runtime'
import { handleOf, type ProcessHandle } from '@dosti/testkit/processes'
import { findRedis, freePort, Running, startPostgres, startRedis } from '@dosti/tooling'
import pg from 'pg'
import { defineService, signalAll, type Service } from './processes.ts'
import { startProxy, type Proxy } from './proxy.ts'
import type { Random } from './random.ts'
import type { Misbehaviour } from './recording.ts'

export interface Workspace {
  id: string
  name: string
  publicKey: string
  agent: { id: string; email: string; password: string }
}

/** A store that can be frozen, killed and started again on the same port. */
export interface Store extends Pick<ProcessHandle, 'pid'> {
  port: number
  /** SIGSTOP to all of its processes. */
  freeze: () => void
  thaw: () => void
  /** SIGKILL to all of its processes. */
  kill: () => Promise<void>
  /** `keepsData` counts for Redis alone: whether it reads and writes its file. */
  restart: (options?: { keepsData?: boolean }) => Promise<void>
}

/** A service and the lines it stands on. */
export interface Node {
  service: Service
  /** Clients come through this one; the worker has none. */
  edge: Proxy
  toPostgres: Proxy
  toRedis: Proxy
}

export interface World {
  folder: string
  postgres: Store
  redis: Store
  gateways: [Node, Node]
  api: Node
  worker: Node
  workspaces: [Workspace, Workspace]
  /** As superuser, on a line without a proxy; bypasses row-level security. */
  sql: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>
  /** Opens one more connection as superuser, for what has to stay open. */
  openSql: () => Promise<pg.Client>
  /** Redis' address without a proxy. */
  redisUrl: string
  databaseUrl: string
  misbehaviours: Misbehaviour[]
  running: Running
  /** Everything that a service reads from its environment. */
  env: (node: { toPostgres: number; toRedis: number }) => Record<string, string>
  close: () => Promise<void>
}

const PASSWORD = 'correct horse battery staple'

/** Starts all of it; `settings` are Postgres' own, for tests that break a promise on purpose. */
export async function startWorld(random: Random, settings: string[] = []): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'dosti-chaos-'))
  const running = new Running(join(folder, 'running.json'))
  running.guard({ logFile: join(folder, 'guardian.log'), removes: [folder] })
  const proxies: Proxy[] = []
  const misbehaviours: Misbehaviour[] = []
  const pool = new pg.Pool({ max: 3, idleTimeoutMillis: 500, connectionTimeoutMillis: 3000 })
  try {
    const postgres = await bringPostgres(folder, running, settings)
    const databaseUrl = `postgresql://postgres:chaos@127.0.0.1:${postgres.port}/dosti`
    await migrate(databaseUrl)
    const redis = await bringRedis(folder, running)
    const redisUrl = `redis://127.0.0.1:${redis.port}/0`
    pool.options.connectionString = databaseUrl
    pool.on('error', () => {})
    const sql: World['sql'] = async (text, values) => (await pool.query<Record<string, unknown>>(text, values)).rows
    const workspaces = [await createWorkspace(sql, 'acme'), await createWorkspace(sql, 'other')] as [
      Workspace,
      Workspace,
    ]

    const env: World['env'] = ({ toPostgres, toRedis }) => ({
      DATABASE_URL: `postgresql://postgres:chaos@127.0.0.1:${toPostgres}/dosti`,
      REDIS_URL: `redis://127.0.0.1:${toRedis}/0`,
      LOG_LEVEL: 'error',
      LIMITS: 'off',
      INSTALLATION: 'chaos',
      CONSOLE_URL: 'http://localhost:1',
      API_URL: 'http://localhost:1',
    })
    const proxyTo = async (port: number, name: string): Promise<Proxy> => {
      const proxy = await startProxy({ host: '127.0.0.1', port }, { random: random.fork(name).next })
      proxies.push(proxy)
      return proxy
    }
    const bringNode = async (name: string, entry: string): Promise<Node> => {
      const port = await freePort()
      const [toPostgres, toRedis, edge] = [
        await proxyTo(postgres.port, `${name} postgres`),
        await proxyTo(redis.port, `${name} redis`),
        await proxyTo(port, `${name} edge`),
      ]
      const service = defineService({
        name,
        entry,
        port,
        env: { ...env({ toPostgres: toPostgres.port, toRedis: toRedis.port }), NODE_NAME: name },
        running,
        misbehaved: (what) => misbehaviours.push(what),
      })
      await service.start()
      return { service, edge, toPostgres, toRedis }
    }
    const api = await bringNode('api', 'apps/api/src/main.ts')
    const first = await bringNode('gw1', 'apps/gateway/src/main.ts')
    const second = await bringNode('gw2', 'apps/gateway/src/main.ts')
    const worker = await bringNode('worker', 'apps/worker/src/main.ts')

    return {
      folder,
      postgres,
      redis,
      gateways: [first, second],
      api,
      worker,
      workspaces,
      sql,
      async openSql() {
        const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 3000 })
        client.on('error', () => {})
        await client.connect()
        return client
      },
      redisUrl,
      databaseUrl,
      misbehaviours,
      running,
      env,
      async close() {
        for (const { service } of [first, second, api, worker]) service.signal('SIGCONT')
        for (const store of [postgres, redis]) store.thaw()
        await Promise.all([first, second, api, worker].map(({ service }) => service.kill()))
        await pool.end()
        await Promise.all(proxies.map((proxy) => proxy.close()))
        await running.stop()
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await running.stop()
    await Promise.all(proxies.map((proxy) => proxy.close()))
    await pool.end()
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** A Postgres that keeps what it acknowledged: fsync and synchronous_commit are on. */
async function bringPostgres(folder: string, running: Running, settings: string[]): Promise<Store> {
  const home = join(folder, 'postgres')
  await mkdir(home)
  const port = await freePort()
  const launch = async () => {
    const { child } = await startPostgres({
      data: join(home, 'data'),
      logFile: join(folder, 'postgres.log'),
      port,
      password: 'chaos',
      database: 'dosti',
      settings: ['max_connections=200', ...settings],
      onSpawn: ({ pid }) => running.add('postgres', 'postgres', pid),
    })
    return child
  }
  const handle = handleOf(await launch(), 'SIGINT')
  return store(port, handle, async () => handle.adopt(await launch()))
}

async function bringRedis(folder: string, running: Running): Promise<Store> {
  const program = findRedis()
  if (program === undefined) throw new Error('This needs a real Redis: put redis-server or valkey-server on the path.')
  const port = await freePort()
  const launch = async (keepsData: boolean) => {
    const { child } = await startRedis({
      program,
      port,
      data: join(folder, 'redis'),
      logFile: join(folder, 'redis.log'),
      keepsData,
      onSpawn: ({ pid }) => running.add('redis', 'redis', pid),
    })
    return child
  }
  const handle = handleOf(await launch(true))
  return store(port, handle, async (keepsData) => handle.adopt(await launch(keepsData)))
}

function store(port: number, handle: ProcessHandle, launch: (keepsData: boolean) => Promise<void>): Store {
  return {
    port,
    get pid() {
      return handle.pid
    },
    freeze: () => signalAll(handle.pid, 'SIGSTOP'),
    thaw: () => signalAll(handle.pid, 'SIGCONT'),
    async kill() {
      signalAll(handle.pid, 'SIGKILL')
      await handle.kill()
    },
    restart: ({ keepsData = true } = {}) => launch(keepsData),
  }
}

async function createWorkspace(sql: World['sql'], name: string): Promise<Workspace> {
  const id = `wsp_${name}`
  const publicKey = randomPublicKey()
  const agent = { id: `agt_${name}`, email: `agent@${name}.example`, password: PASSWORD }
  await sql('INSERT INTO workspace (id, name, created_at) VALUES ($1, $2, 0)', [id, name])
  await sql('INSERT INTO public_key (workspace_id, key) VALUES ($1, $2)', [id, publicKey])
  await sql('INSERT INTO agent (workspace_id, id, name, email, password_hash) VALUES ($1, $2, $3, $4, $5)', [
    id,
    agent.id,
    name,
    agent.email,
    await hashPassword(agent.password),
  ])
  return { id, name, publicKey, agent }
}
