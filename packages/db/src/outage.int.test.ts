import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { DostiError } from '@dosti/contracts'
import { countingIds, visitorSends } from '@dosti/conversations/testing'
import { startPostgres } from '@dosti/testkit'
import type { OwnPostgres } from '@dosti/testkit'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { addWorkspaces, openDb } from '../testing/open-db.ts'
import { createAccountStore } from './account-store.ts'
import { createDb, DEADLINE_MS } from './client.ts'
import type { Db } from './client.ts'
import { createConversationStore } from './conversation-store.ts'
import { createEventLog } from './event-log.ts'
import { migrate } from './migrate.ts'

const of = { workspaceId: 'wsp_a', visitorId: 'v' } as const

describe('D8: Postgres gone or frozen', () => {
  let postgres: OwnPostgres
  let db: Db
  let requests: (() => Promise<unknown>)[]
  beforeAll(async () => {
    postgres = await startPostgres()
    await migrate(postgres.url)
    db = await openDb(postgres.url)
    await addWorkspaces(db)
    const store = createConversationStore(db, { ids: countingIds() })
    const accounts = createAccountStore(db)
    requests = [
      () => db.ready(),
      () => store.change([visitorSends(of, 'a'), visitorSends({ ...of, visitorId: 'w' }, 'b')]),
      () => store.thread({ ...of, internal: true, limit: 1 }),
      () => store.messages({ ...of, limit: 1 }),
      () => store.list({ workspaceId: 'wsp_a', status: 'open', limit: 1 }),
      () => store.markRead({ ...of, by: 'agents', seq: 1 }),
      () => accounts.findKey('dosti_pub_x'),
      () => accounts.agents('wsp_a'),
      () => accounts.setAvailability('wsp_a', 'agt_ann', true),
    ]
  })

  const allWork = async () => {
    for (const request of requests) await request()
  }
  /** A dead server may be noticed only by the next request on each old connection. */
  const workAgain = async () => {
    await expect.poll(() => allWork().then(() => 'works', String), { timeout: 10_000 }).toBe('works')
  }
  const allRefused = async () => {
    const began = performance.now()
    const outcomes = await Promise.allSettled(requests.map((request) => request()))
    expect(performance.now() - began).toBeLessThan(3000)
    for (const [index, outcome] of outcomes.entries()) {
      expect(outcome, String(requests[index])).toMatchObject({
        status: 'rejected',
        reason: { code: 'service.unavailable', retryAfterMs: 1000 },
      })
    }
  }

  it('frozen: every request is refused within three seconds, with open connections and with new ones', async () => {
    await allWork()
    await Promise.all(requests.map((request) => request())) // as many connections as there are requests
    await postgres.frozen(async () => {
      await allRefused()
      await allRefused()
      const held = () => db.pool.totalCount - db.pool.idleCount
      await expect.poll(held, { message: 'connections that still wait', timeout: 4000 }).toBe(0)
    })
    await workAgain()
  })

  it('frozen: the leader of the log loses its session in time, and leads again after', async () => {
    const errors: unknown[] = []
    const log = createEventLog(db, { ids: countingIds(), onError: (error) => errors.push(error) })
    const [stop, terms] = [new AbortController(), [] as { over: boolean }[]]
    const leading = log.lead(async (_, signal) => {
      const term = { over: signal.aborted }
      terms.push(term)
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          term.over = true
          resolve()
        })
      })
    }, stop.signal)
    await expect.poll(() => terms, { timeout: 5000 }).toEqual([{ over: false }])
    await postgres.frozen(async () => {
      // Its session is looked at once a second, and may take the usual time to answer.
      await expect.poll(() => terms, { timeout: 1000 + DEADLINE_MS + 500 }).toEqual([{ over: true }])
    })
    await expect.poll(() => terms, { timeout: 10_000 }).toEqual([{ over: true }, { over: false }])
    expect(errors.every((error) => error instanceof DostiError && error.code === 'service.unavailable')).toBe(true)
    stop.abort()
    await leading
  })

  it('killed and started again: refused at once, then all work', async () => {
    await allWork()
    await postgres.kill()
    await allRefused()
    await expect(createDb(postgres.url)).rejects.toMatchObject({ code: 'service.unavailable' })
    await postgres.restart()
    await workAgain()
  })

  it('a connection reset under a query: a refusal, whoever asked', async () => {
    const [url, { port, hostname }] = [new URL(postgres.url), new URL(postgres.url)]
    let isArmed = false
    const proxy = createServer((client) => {
      const server = connect(Number(port), hostname)
      client.on('data', (data) => {
        if (isArmed && data.includes('dosti.scope')) client.resetAndDestroy()
        else server.write(data)
      })
      server.pipe(client)
      for (const socket of [client, server]) socket.on('error', () => {})
      client.on('close', () => server.destroy())
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    url.port = String((proxy.address() as AddressInfo).port)
    const far = await createDb(url.href)
    const accounts = createAccountStore(far)
    const store = createConversationStore(far, { ids: countingIds() })
    await accounts.agents('wsp_a')
    isArmed = true
    const refusal = { code: 'service.unavailable', retryAfterMs: 1000 }
    await expect(accounts.agents('wsp_a')).rejects.toMatchObject(refusal)
    await expect(accounts.setAvailability('wsp_a', 'agt_ann', true)).rejects.toMatchObject(refusal)
    await expect(store.messages({ ...of, limit: 1 })).rejects.toMatchObject(refusal)
    await far.close()
    proxy.close()
  })

  it('connections cut by the server: the next requests work', async () => {
    await allWork()
    const admin = new pg.Client(postgres.url)
    await admin.connect()
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dosti'`)
    await admin.end()
    await workAgain()
  })

  it('a connection to a server that may only be read is given up: the next one may lead to the new primary', async () => {
    const admin = new pg.Client(postgres.url)
    await admin.connect()
    const database = pg.escapeIdentifier(new URL(postgres.url).pathname.slice(1))
    await admin.query(`ALTER DATABASE ${database} SET default_transaction_read_only = on`)
    const standby = await createDb(postgres.url)
    const store = createConversationStore(standby, { ids: countingIds() })
    const send = () => store.change([visitorSends({ ...of, visitorId: 'failed over' }, 'a')])
    await expect(send()).rejects.toMatchObject({ code: 'service.unavailable' })
    await admin.query(`ALTER DATABASE ${database} RESET default_transaction_read_only`)
    await expect(send()).resolves.toMatchObject([{ ok: true }])
    await standby.close()
    await admin.end()
  })
})
