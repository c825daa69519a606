import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { adoptLog } from './adopt-log.ts'
import { createDatabase, parseTarget, startEngine } from './schema-engine.ts'
import type { Target } from './schema-engine.ts'

const MIGRATIONS = fileURLToPath(new URL('../prisma/migrations/', import.meta.url))

// Any number will do, as long as every process takes the same: two that start at once must not migrate at once.
const LOCK = 7_204_511

/** Brings the database to the newest schema, making it if it is missing; the names of the migrations that were applied now. */
export async function migrate(url: string): Promise<string[]> {
  const target = parseTarget(url)
  const lock = await connectOrCreate(target)
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [LOCK])
    const engine = await startEngine(target)
    const params = { migrationsList: await readMigrations(), filters: { externalTables: [], externalEnums: [] } }
    try {
      const result = (await engine.call('applyMigrations', params)) as { appliedMigrationNames: string[] }
      await adoptLog(lock)
      return result.appliedMigrationNames
    } finally {
      await engine.close()
    }
  } finally {
    await lock.end()
  }
}

async function connectOrCreate(target: Target): Promise<pg.Client> {
  const connect = async () => {
    const client = new pg.Client({ ...target.config, database: target.database, connectionTimeoutMillis: 10_000 })
    await client.connect()
    return client
  }
  try {
    return await connect()
  } catch (error) {
    if (codeOf(error) !== '3D000') throw error
  }
  try {
    await createDatabase(target)
  } catch (error) {
    // Another process may have made it in the meantime.
    if (!['42P04', '23505'].includes(codeOf(error))) throw error
  }
  return await connect()
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

async function readMigrations() {
  const entries = await readdir(MIGRATIONS, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const read = async (path: string) => {
    const value = await readFile(`${MIGRATIONS}${path}/migration.sql`, 'utf8')
    return { path, migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } } }
  }
  const content = await readFile(`${MIGRATIONS}migration_lock.toml`, 'utf8')
  return {
    baseDir: MIGRATIONS,
    shadowDbInitScript: '',
    lockfile: { path: 'migration_lock.toml', content },
    migrationDirectories: await Promise.all(folders.sort().map(read)),
  }
}
