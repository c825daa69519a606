import { execFileSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, startPostgres as start } from '@dosti/tooling'
import { createEmptyDatabase, dropDatabase, withDatabase } from './databases.ts'
import { afterThisFile, processesOfThisFile, testRun, uniqueName } from './file.ts'
import { handleOf } from './processes.ts'
import type { ProcessHandle } from './processes.ts'
import { TEMPLATE } from './run.ts'

/** A migrated, empty database of this test file's own (some 50 ms); it is dropped after the file. */
export async function createDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const { postgresUrl } = testRun()
  const name = uniqueName('test')
  await createEmptyDatabase(postgresUrl, name, TEMPLATE)
  const drop = () => dropDatabase(postgresUrl, name)
  afterThisFile(drop)
  return { url: withDatabase(postgresUrl, name), drop }
}

/** A Postgres server of one test file's own. */
export interface OwnPostgres extends ProcessHandle {
  /** The superuser's address of an empty database that is not migrated yet. */
  url: string
  /** Starts it again on the same port and data after it was killed or stopped. */
  restart: () => Promise<void>
  /** SIGSTOP to all of its processes while `during` runs: sessions are processes of their own, which `freeze` leaves at work. */
  frozen: <T>(during: () => Promise<T>) => Promise<T>
}

/**
 * A whole Postgres server for tests that freeze or kill it, or that look at cluster-wide state such as `pg_snapshot_xmin`.
 * It keeps its data through `kill` and `restart` as a production server does.
 */
export async function startPostgres(settings: string[] = []): Promise<OwnPostgres> {
  const { folder, postgresBinaries } = testRun()
  const name = uniqueName('postgres')
  const list = processesOfThisFile()
  const home = join(folder, name)
  await mkdir(home)
  const port = await freePort()
  const launch = async () => {
    const { child, url } = await start({
      data: join(home, 'data'),
      logFile: join(home, 'postgres.log'),
      port,
      password: 'test',
      database: 'dosti',
      settings,
      onSpawn: ({ pid }) => list.add(name, 'postgres', pid),
      ...(postgresBinaries === undefined ? {} : { binaries: postgresBinaries }),
    })
    return { child, url: withDatabase(url, 'dosti') }
  }
  const first = await launch()
  const handle = handleOf(first.child, 'SIGINT')
  const restart = async () => handle.adopt((await launch()).child)
  const frozen = async <T>(during: () => Promise<T>): Promise<T> => {
    const processes = [handle.pid, ...childrenOf(handle.pid)]
    for (const pid of processes) process.kill(pid, 'SIGSTOP')
    try {
      return await during()
    } finally {
      for (const pid of processes) process.kill(pid, 'SIGCONT')
    }
  }
  return Object.assign(handle, { url: first.url, restart, frozen })
}

function childrenOf(pid: number): number[] {
  const list = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
  return list.trim().split(/\s+/u).map(Number)
}
