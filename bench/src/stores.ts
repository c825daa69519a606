/** The stores under everybody: one Postgres, durable, and one real Redis; ours and the baselines' databases lie side by side. */
import { existsSync, mkdtempSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findRedis, freePort, Running, startPostgres, startRedis } from '@dosti/tooling'
import { handleOf } from '@dosti/testkit/processes'
import pg from 'pg'
import { ROOT } from './processes.ts'

export interface Stores {
  /** The superuser's address of a database; made when missing. */
  database(name: string): Promise<string>
  /** Postmaster, to watch its processor time. */
  postgresPid: number
  redisUrl: string
  redisPid: number
  folder: string
  /** Where Postgres keeps its data, in words. */
  place: 'disk' | 'memory'
  /** Ends both before the run does. */
  stop(): Promise<void>
}

/** What `npm start` sets, room for the long fills, and the time of each commit; the same for ours and the baselines. */
const SETTINGS = ['max_connections=200', 'max_wal_size=4GB', 'shared_buffers=512MB', 'track_commit_timestamp=on']

const IN_MEMORY = '/dev/shm'

/** Whether Postgres can be put on a file system in memory, to leave the disk out of the tails. */
export const HAS_MEMORY_DISK = existsSync(IN_MEMORY)

/** A folder for one run, and the list of what it runs, which a guardian ends if the run is killed. */
export async function startRun(): Promise<{ folder: string; running: Running }> {
  const parent = join(ROOT, '.dosti', 'bench')
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const folder = mkdtempSync(join(parent, 'run-'))
  const running = new Running(join(folder, 'running.json'))
  running.guard({ logFile: join(folder, 'guardian.log'), removes: [folder] })
  return { folder, running }
}

/** Starts both. On disk: fsync on, synchronous_commit on. In memory the same settings, with a disk that costs nothing. */
export async function startStores(
  run: { folder: string; running: Running },
  place: Stores['place'],
  settings: readonly string[] = [],
): Promise<Stores> {
  const program = findRedis()
  if (program === undefined)
    throw new Error('The benchmark needs a real Redis: put redis-server or valkey-server on the path.')
  const folder = place === 'disk' ? run.folder : mkdtempSync(join(IN_MEMORY, 'dosti-bench-'))
  const postgres = await startPostgres({
    data: join(folder, `postgres-${place}`),
    logFile: join(run.folder, `postgres-${place}.log`),
    port: await freePort(),
    password: 'bench',
    settings: [...SETTINGS, ...settings],
    onSpawn: ({ pid }) => run.running.add(`postgres ${place}`, 'postgres', pid),
  })
  const redis = await startRedis({
    program,
    port: await freePort(),
    data: join(run.folder, `redis-${place}`),
    logFile: join(run.folder, `redis-${place}.log`),
    onSpawn: ({ pid }) => run.running.add(`redis ${place}`, 'redis', pid),
  })
  return {
    database: (name) => database(postgres.url, name),
    postgresPid: postgres.child.pid ?? 0,
    redisUrl: redis.url,
    redisPid: redis.child.pid ?? 0,
    folder,
    place,
    async stop() {
      await handleOf(postgres.child, 'SIGINT').stop()
      await handleOf(redis.child).stop()
    },
  }
}

async function database(url: string, name: string): Promise<string> {
  const client = new pg.Client(url)
  await client.connect()
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
  if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`)
  await client.end()
  const address = new URL(url)
  address.pathname = `/${name}`
  return address.href
}

/** Removes what a run left on disk or in memory. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}
