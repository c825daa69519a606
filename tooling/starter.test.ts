import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as declared from './index.mjs'
import * as ports from './starter/ports.mjs'
import * as postgres from './starter/postgres.mjs'
import { isRunning, recordOf, stopInOrder, until } from './starter/processes.mjs'
import * as programs from './starter/programs.mjs'
import * as redis from './starter/redis.mjs'
import * as running from './starter/running.mjs'
import { readSettings } from './starter/settings.mjs'
import { root } from './repository.ts'

// The compiler holds index.d.mts against what the JavaScript says of itself.
export const declaredAsWritten = { ...ports, ...postgres, ...programs, ...redis, ...running } satisfies typeof declared

let folder = ''
const children: ChildProcess[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dosti-starter-'))
})

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** A process that does nothing; `stubborn` ones do not hear SIGTERM. */
async function idle(options: { stubborn?: boolean } = {}): Promise<number> {
  const code = `${options.stubborn === true ? "process.on('SIGTERM', () => {});" : ''} setInterval(() => {}, 1000); console.log('up')`
  const child = spawn(process.execPath, ['-e', code], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout, 'data')
  return child.pid ?? 0
}

describe('settings', () => {
  test('the defaults are port 4000, loopback, limits on and stores of our own', () => {
    expect(readSettings({}, [])).toEqual({
      portBase: 4000,
      host: '127.0.0.1',
      limits: undefined,
      logLevel: 'info',
      databaseUrl: undefined,
      redisUrl: undefined,
      watch: false,
    })
  })

  test('LIMITS=off holds on loopback only', () => {
    expect(readSettings({ LIMITS: 'off', HOST: '::1' }, []).limits).toBe('off')
    for (const HOST of ['0.0.0.0', '::', '10.0.0.1', 'example.com']) {
      expect(() => readSettings({ LIMITS: 'off', HOST }, [])).toThrow(/LIMITS=off is refused/)
    }
  })

  test.each([
    [{ PORT_BASE: '80' }, /PORT_BASE/],
    [{ PORT_BASE: 'x' }, /PORT_BASE/],
    [{ LIMITS: 'on' }, /LIMITS/],
    [{ DATABASE_URL: 'localhost' }, /DATABASE_URL/],
    [{ DATABASE_URL: 'mysql://h/d' }, /DATABASE_URL/],
    [{ REDIS_URL: 'http://h' }, /REDIS_URL/],
  ])('%o is refused with a sentence that names it', (env, sentence) => {
    expect(() => readSettings(env, [])).toThrow(sentence)
  })

  test('an unknown option is refused', () => {
    expect(() => readSettings({}, ['--wacht'])).toThrow(/--wacht/)
  })
})

describe('ports', () => {
  test.each(['127.0.0.1', '::1'])('one that somebody holds on %s is taken', async (host) => {
    const server = createServer().listen({ port: 0, host })
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    expect(await ports.isPortFree(port)).toBe(false)
    server.close()
    await once(server, 'close')
    expect(await ports.isPortFree(port)).toBe(true)
  })
})

describe('what runs', () => {
  test('is stopped in order: services, then Redis, then Postgres, frozen and stubborn ones too', async () => {
    const service = recordOf('api', 'service', await idle({ stubborn: true }))
    const store = recordOf('redis', 'redis', await idle())
    const database = recordOf('postgres', 'postgres', await idle())
    process.kill(database.pid, 'SIGSTOP')
    process.kill(service.pid, 'SIGSTOP')
    const gone: string[] = []
    const watch = setInterval(() => {
      for (const { name, pid, began, kind } of [service, store, database]) {
        if (!isRunning({ name, pid, began, kind }) && !gone.includes(name)) gone.push(name)
      }
    }, 5)
    await stopInOrder([database, store, service])
    await until(() => gone.length === 3, 1_000)
    clearInterval(watch)
    expect(gone).toEqual(['api', 'redis', 'postgres'])
  }, 30_000)

  test('is not a newcomer with the same number', async () => {
    const pid = await idle()
    const list = join(folder, 'reused.json')
    const stranger = { name: 'api', kind: 'service', pid, began: 'another boot:1' }
    writeFileSync(list, JSON.stringify({ owner: stranger, stopping: false, records: [stranger] }))
    expect(await running.cleanUpAfter(list)).toBe(0)
    expect(isRunning(recordOf('api', 'service', pid))).toBe(true)
    expect(existsSync(list)).toBe(false)
  })

  test('is ended by the guardian when the starter is killed, and so are its files', async () => {
    const [list, local] = [join(folder, 'running.json'), join(folder, 'local.json')]
    const script = `
      import { spawn } from 'node:child_process'
      import { Running } from ${JSON.stringify(join(root, 'tooling/starter/running.mjs'))}
      const running = new Running(${JSON.stringify(list)})
      running.guard({ logFile: ${JSON.stringify(join(folder, 'guardian.log'))}, removes: [${JSON.stringify(local)}] })
      const service = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' })
      running.add('api', 'service', service.pid)
      console.log(service.pid)`
    writeFileSync(local, '{}')
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(starter)
    const [line] = (await once(starter.stdout, 'data')) as [Buffer]
    const service = recordOf('api', 'service', Number(line.toString()))
    expect(isRunning(service)).toBe(true)
    starter.kill('SIGKILL')
    expect(await until(() => !isRunning(service) && !existsSync(list) && !existsSync(local), 10_000)).toBe(true)
  }, 20_000)
})

describe('Postgres', () => {
  const options = async (name: string) => {
    const home = join(folder, name)
    mkdirSync(home, { mode: 0o700 })
    return { data: join(home, 'data'), logFile: join(home, 'log'), port: await ports.freePort(), password: 'x' }
  }

  test('refuses data of another version with a sentence that says what to do', async () => {
    const given = await options('old')
    mkdirSync(given.data)
    writeFileSync(join(given.data, 'PG_VERSION'), '9\n')
    await expect(postgres.startPostgres(given)).rejects.toThrow(
      /made by PostgreSQL 9, but this is PostgreSQL \d+; move them away/,
    )
  })

  test('says why it cannot start', async () => {
    const given = await options('broken')
    await expect(postgres.startPostgres({ ...given, settings: ['no_such_setting=1'] })).rejects.toMatchObject({
      message: expect.stringMatching(/Postgres could not start/) as unknown,
      detail: expect.stringMatching(/no_such_setting/) as unknown,
    })
  }, 30_000)

  test('runs below a folder that only its owner may enter, also where user namespaces are forbidden', async () => {
    for (const namespaces of [true, false]) {
      const given = await options(`namespaces-${namespaces}`)
      const { child, note } = await postgres.startPostgres({ ...given, namespaces, keepsData: false })
      children.push(child)
      child.kill('SIGINT')
      await once(child, 'exit')
      expect(child.exitCode).toBe(0)
      // As root and without namespaces its data lie elsewhere, and it says where.
      const elsewhere = /keeps its data in (\S+),/.exec(note ?? '')?.[1]
      if (elsewhere !== undefined) rmSync(elsewhere, { recursive: true })
      expect(existsSync(join(given.data, 'PG_VERSION'))).toBe(elsewhere === undefined)
    }
  }, 60_000)
})
