import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Running, cleanUpAfter, debianBinaries, findRedis, freePort, startPostgres } from '@dosti/tooling'
import { createEmptyDatabase, sealTemplate, withDatabase } from './databases.ts'
import { listsIn } from './lists.ts'

/** What one test run lends to its test files. */
export interface TestRun {
  /** A folder for this run alone, gone after it. */
  folder: string
  /** The superuser's address of the database "postgres". */
  postgresUrl: string
  /** The PostgreSQL programs in use, for files that need a server of their own; undefined means the packaged ones. */
  postgresBinaries: string | undefined
  /** "redis-server" or "valkey-server". */
  redisProgram: string
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Only test files named *.int.test.ts get one. */
    testRun: TestRun | undefined
  }
}

/** The database that every test file gets a copy of. */
export const TEMPLATE = 'dosti_template'

/**
 * Starts the run's Postgres (fsync off) and migrates the template; `stop` ends it and whatever test files left behind.
 * A run that is killed is cleaned up by its guardian. `postgresVersion` picks Debian's PostgreSQL of that major version.
 */
export async function startTestRun(options: {
  migrate: (url: string) => Promise<unknown>
  postgresVersion?: string | undefined
}): Promise<{ run: TestRun; stop: () => Promise<void> }> {
  const redisProgram = findRedis()
  if (redisProgram === undefined)
    throw new Error('The tests need a real Redis: put redis-server or valkey-server on the path.')
  const folder = await mkdtemp(join(tmpdir(), 'dosti-test-'))
  const running = new Running(join(folder, 'running.json'))
  running.guard({ logFile: join(folder, 'guardian.log'), removes: [folder] })
  const stop = async () => {
    for (const list of await listsIn(folder)) await cleanUpAfter(list)
    await running.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const postgresBinaries = options.postgresVersion === undefined ? undefined : debianBinaries(options.postgresVersion)
    const { url } = await startPostgres({
      data: join(folder, 'postgres'),
      logFile: join(folder, 'postgres.log'),
      port: await freePort(),
      password: 'test',
      keepsData: false,
      settings: ['max_connections=300'],
      onSpawn: ({ pid }) => running.add('postgres', 'postgres', pid),
      ...(postgresBinaries === undefined ? {} : { binaries: postgresBinaries }),
    })
    await createEmptyDatabase(url, TEMPLATE)
    await options.migrate(withDatabase(url, TEMPLATE))
    await sealTemplate(url, TEMPLATE)
    return { run: { folder, postgresUrl: url, postgresBinaries, redisProgram }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
