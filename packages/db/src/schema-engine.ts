/**
 * Prisma's schema engine as WebAssembly over node-postgres: what its CLI would otherwise download as a native program.
 * PostgreSQL only.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import type { ColumnType, SqlDriverAdapter, SqlQuery, SqlResultSet } from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { parseIntoClientConfig } from 'pg-connection-string'

/** Where a URL points, without Prisma's own `schema` parameter, which Postgres would not know. */
export interface Target {
  config: pg.ClientConfig
  database: string
  schema: string
}

/** The methods of the engine by name; each takes and gives what Prisma's JSON-RPC carries. */
export interface Engine {
  call(method: string, params: unknown): Promise<unknown>
  /** Ends its connections, and with them the lock it holds. */
  close(): Promise<void>
}

/** Reads a connection URL; a missing database name means `postgres`. */
export function parseTarget(text: string): Target {
  const url = new URL(text)
  const schema = url.searchParams.get('schema') ?? 'public'
  url.searchParams.delete('schema')
  const database = decodeURIComponent(url.pathname.slice(1)) || 'postgres'
  return { config: parseIntoClientConfig(url.toString()), database, schema }
}

/** One connection for one statement; `database` replaces the target's own. */
export async function runOnce(target: Target, options: { database?: string; sql?: string } = {}): Promise<void> {
  const database = options.database ?? target.database
  const client = new pg.Client({ ...target.config, database, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    if (options.sql !== undefined) await client.query(options.sql)
  } finally {
    await client.end()
  }
}

/** Makes the target's database, over the database `postgres` of the same server. */
export async function createDatabase(target: Target): Promise<void> {
  await runOnce(target, { database: 'postgres', sql: `CREATE DATABASE ${pg.escapeIdentifier(target.database)}` })
}

const T = ColumnTypeEnum
// Postgres type numbers of what the engine asks for: catalog columns and its own table; the rest is read as text.
const COLUMN_TYPES = new Map<number, ColumnType>([
  [16, T.Boolean],
  [18, T.Character],
  [20, T.Int64],
  [21, T.Int32],
  [23, T.Int32],
  [26, T.Int64],
  [700, T.Float],
  [701, T.Double],
  [114, T.Json],
  [3802, T.Json],
  [1000, T.BooleanArray],
  [1002, T.CharacterArray],
  [1003, T.TextArray],
  [1005, T.Int32Array],
  [1007, T.Int32Array],
  [1009, T.TextArray],
  [1015, T.TextArray],
  [1016, T.Int64Array],
  [1028, T.Int64Array],
  [1082, T.Date],
  [1114, T.DateTime],
  [1184, T.DateTime],
  [1700, T.Numeric],
  [2950, T.Uuid],
])

// What adapter-pg does inside but does not declare.
interface AdapterInside {
  performIO(query: SqlQuery): Promise<{ fields: { name: string; dataTypeID: number }[]; rows: unknown[][] }>
  onError(error: unknown): never
}

/**
 * adapter-pg is made for queries. For the schema engine two things are mended here: it refuses catalog types such as
 * "char", and it splits scripts at every semicolon, which breaks DO blocks and functions.
 */
function mend(adapter: Awaited<ReturnType<PrismaPg['connect']>>): SqlDriverAdapter {
  const inside = adapter as unknown as AdapterInside
  adapter.queryRaw = async (query: SqlQuery): Promise<SqlResultSet> => {
    const { fields, rows } = await inside.performIO(query)
    return {
      columnNames: fields.map(({ name }) => name),
      columnTypes: fields.map(({ dataTypeID }) => COLUMN_TYPES.get(dataTypeID) ?? T.Text),
      rows,
    }
  }
  adapter.executeScript = async (script: string) => {
    try {
      await adapter.underlyingDriver().query(script)
    } catch (error) {
      inside.onError(error)
    }
  }
  return adapter
}

function adapterFactory(target: Target, opened: Set<SqlDriverAdapter>) {
  const config = { ...target.config, database: target.database, max: 1 }
  const factory = new PrismaPg(config, { schema: target.schema })
  const connect = factory.connect.bind(factory)
  const mended = Object.assign(factory, {
    connect: async () => {
      const adapter = mend(await connect())
      opened.add(adapter)
      return adapter
    },
    // The adapter's own shadow database may turn out to be the main one.
    connectToShadowDb: async () => {
      const shadow = { ...target, database: `prisma_shadow_${crypto.randomUUID()}` }
      await createDatabase(shadow)
      const adapter = await new PrismaPg({ ...config, database: shadow.database }).connect()
      const dispose = adapter.dispose.bind(adapter)
      adapter.dispose = async () => {
        await dispose()
        await runOnce(target, { sql: `DROP DATABASE ${pg.escapeIdentifier(shadow.database)}` })
      }
      return mend(adapter)
    },
  })
  return bindMigrationAwareSqlAdapterFactory(mended)
}

// Neither the language's nor Node's types know it without those of a browser.
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, unknown>,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>
}

interface Glue {
  __wbg_set_wasm(exports: Record<string, unknown>): void
  SchemaEngine: {
    'new'(
      options: object,
      log: () => void,
      adapter: object,
    ): Promise<Record<string, (params: unknown) => Promise<unknown>>>
  }
}

let loading: Promise<Glue> | undefined

/** Once per process: the glue holds one instance, and a second would be mixed up with the first. */
async function load(): Promise<Glue> {
  const path = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const glueUrl = pathToFileURL(path)
  const glue = (await import(glueUrl.href)) as Glue
  const wasm = await readFile(fileURLToPath(new URL('schema_engine_bg.wasm', glueUrl)))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': glue })
  // Where the engine leaves its last words when it panics.
  const panics = {
    set_message: (message: string) => process.emitWarning(`Prisma's schema engine panicked: ${message}`),
  }
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: panics })
  glue.__wbg_set_wasm(instance.exports)
  const start = instance.exports['__wbindgen_start'] as () => void
  start()
  return glue
}

/** Starts the engine for one database; nothing is connected until the first call. */
export async function startEngine(target: Target, datamodels?: [path: string, text: string][]): Promise<Engine> {
  loading ??= load()
  const glue = await loading
  const opened = new Set<SqlDriverAdapter>()
  const engine = await glue.SchemaEngine.new({ datamodels }, () => {}, adapterFactory(target, opened))
  return {
    close: async () => {
      await Promise.all([...opened].map((adapter) => adapter.dispose()))
    },
    call: async (method, params) => {
      const run = engine[method]
      if (run === undefined) throw new Error(`The schema engine does not know ${method}.`)
      return await run.call(engine, params)
    },
  }
}
