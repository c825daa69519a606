import { createConnection } from 'node:net'
import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { createDatabase, startPostgres, startRedis } from '../src/index.ts'

/** Sends one Redis command and returns the raw reply; rejects when nobody answers within a second. */
function ask(url: string, command: string): Promise<string> {
  const { port, hostname } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port: Number(port), host: hostname })
    const end = (settle: () => void) => {
      socket.destroy()
      settle()
    }
    socket.setTimeout(1_000, () => end(() => reject(new Error('silence'))))
    socket.once('error', (error) => end(() => reject(error)))
    socket.once('connect', () => socket.write(`${command}\r\n`))
    socket.once('data', (data) => end(() => resolve(data.toString().trim())))
  })
}

async function select(url: string, text: string): Promise<unknown> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 1_000 })
  client.on('error', () => {}) // a killed server is what some tests want
  await client.connect()
  try {
    const { rows } = await client.query({ text, rowMode: 'array' })
    return rows[0]?.[0]
  } finally {
    await client.end().catch(() => {})
  }
}

describe('a database of the file', () => {
  test('is migrated, and apart from every other', async () => {
    const [one, other] = await Promise.all([createDatabase(), createDatabase()])
    expect(Number(await select(one.url, 'SELECT count(*) FROM _prisma_migrations'))).toBeGreaterThan(0)
    await select(one.url, 'CREATE TABLE only_here (id int)')
    expect(await select(one.url, `SELECT to_regclass('only_here') IS NOT NULL`)).toBe(true)
    expect(await select(other.url, `SELECT to_regclass('only_here') IS NOT NULL`)).toBe(false)
  })

  test('is gone after drop, though somebody is connected', async () => {
    const { url, drop } = await createDatabase()
    const client = new Client(url)
    client.on('error', () => {})
    await client.connect()
    await drop()
    await expect(select(url, 'SELECT 1')).rejects.toThrow(/does not exist/)
  })
})

describe('a Postgres of the file', () => {
  test('keeps what was committed through SIGKILL and restart', async () => {
    const postgres = await startPostgres()
    expect(await select(postgres.url, `SELECT current_setting('fsync') || current_setting('synchronous_commit')`)).toBe(
      'onon',
    )
    await select(postgres.url, 'CREATE TABLE kept (id int)')
    const before = postgres.pid
    expect(await postgres.kill()).toEqual({ code: null, signal: 'SIGKILL' })
    await expect(select(postgres.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/)
    await postgres.restart()
    expect(postgres.pid).not.toBe(before)
    expect(await select(postgres.url, 'SELECT count(*)::int FROM kept')).toBe(0)
  })
})

describe('a Redis of the file', () => {
  test('forgets at a kill, unless it keeps its data', async () => {
    const [forgetful, keeping] = await Promise.all([startRedis(), startRedis({ keepsData: true })])
    for (const redis of [forgetful, keeping]) {
      expect(await ask(redis.url, 'SET name dosti')).toBe('+OK')
      await redis.stop()
      await expect(ask(redis.url, 'PING')).rejects.toThrow(/ECONNREFUSED/)
      await redis.restart()
    }
    expect(await ask(forgetful.url, 'GET name')).toBe('$-1')
    expect(await ask(keeping.url, 'GET name')).toMatch(/dosti/)
  })

  test('is silent while frozen and answers when thawed', async () => {
    const redis = await startRedis()
    redis.freeze()
    await expect(ask(redis.url, 'PING')).rejects.toThrow('silence')
    redis.thaw()
    expect(await ask(redis.url, 'PING')).toBe('+PONG')
  })

  test('never loses a job to memory', async () => {
    const redis = await startRedis()
    expect(await ask(redis.url, 'CONFIG GET maxmemory-policy')).toMatch(/noeviction/)
  })
})
