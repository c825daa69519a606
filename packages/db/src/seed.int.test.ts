import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase } from '@dosti/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDb } from '../testing/open-db.ts'
import { seed } from '../seed/seed.ts'
import type { Credentials } from '../seed/seed.ts'
import { createAccountStore } from './account-store.ts'
import { createAlertStore } from './alert-store.ts'
import type { Db } from './client.ts'
import { createConversationStore } from './conversation-store.ts'
import { scoped } from './scope.ts'

describe('the demo', () => {
  let folder: string
  let file: string
  let url: string
  let db: Db
  let credentials: Credentials
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dosti-seed-'))
    file = join(folder, 'demo.json')
    url = (await createDatabase()).url
    db = await openDb(url)
    credentials = await seed(url, file)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const counts = () =>
    scoped(db, '*', async (tx) => [
      await tx.workspace.count(),
      await tx.agent.count(),
      await tx.visitor.count({ where: { conversationId: { not: null } } }),
      await tx.event.count(),
    ])
  const hashOf = async (email: string) => (await createAccountStore(db).findCredentials(email))?.passwordHash

  it('is two workspaces, six agents and forty conversations, and stays so however often it is seeded', async () => {
    const first = await counts()
    expect(first.slice(0, 3)).toEqual([2, 6, 40])
    const hash = await hashOf('mara@brindlewick.example')
    expect(await seed(url, file)).toEqual(credentials)
    expect(await counts()).toEqual(first)
    expect(await hashOf('mara@brindlewick.example')).toBe(hash)
  })

  it('leaves keys and passwords in a file for its owner alone', async () => {
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(credentials)
    const accounts = createAccountStore(db)
    expect((await accounts.findKey(credentials.publicKey))?.workspaceId).toBe('wsp_brindlewick')
    expect((await accounts.findKey(credentials.otherWorkspace.publicKey))?.workspaceId).toBe('wsp_osmarra')
    expect(credentials.publicKey).toMatch(/^dosti_pub_[\w-]{32}$/u)
    expect(await hashOf('hanna@osmarra.example')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}$/u)
    const passwords = [...credentials.agents, ...credentials.otherWorkspace.agents].map(({ password }) => password)
    expect(new Set(passwords).size).toBe(6)
  })

  it('has conversations of every kind: open, closed, waiting, assigned, with notes', async () => {
    const store = createConversationStore(db, { ids: { next: (prefix) => `${prefix}_x` } })
    const open = await store.list({ workspaceId: 'wsp_brindlewick', status: 'open', limit: 100 })
    const closed = await store.list({ workspaceId: 'wsp_brindlewick', status: 'closed', limit: 100 })
    expect(open.length).toBeGreaterThan(10)
    expect(closed.length).toBeGreaterThan(10)
    expect(open.some(({ assignee, unread }) => assignee === null && unread > 0)).toBe(true)
    expect(open.some(({ unread }) => unread === 0)).toBe(true)
    expect([...open, ...closed].some(({ internalSeq }) => internalSeq > 1)).toBe(true)
    for (const { updatedAt } of [...open, ...closed]) {
      expect(updatedAt).toBeLessThan(Date.now())
      expect(updatedAt).toBeGreaterThan(Date.now() - 15 * 24 * 3_600_000)
    }
  })

  it('D3: its streams have no gaps, and its last messages are the end of its threads', async () => {
    const store = createConversationStore(db, { ids: { next: (prefix) => `${prefix}_x` } })
    const heads = await store.list({ workspaceId: 'wsp_brindlewick', status: 'open', limit: 100 })
    for (const head of heads) {
      const read = await store.thread({
        workspaceId: 'wsp_brindlewick',
        visitorId: head.visitorId,
        internal: false,
        after: 0,
        limit: 100,
      })
      expect(read?.events.map(({ seq }) => seq)).toEqual(Array.from({ length: head.seq }, (_, index) => index + 1))
      expect(read?.thread.conversation).toEqual(head)
    }
  })

  it('does not ring for what is past', async () => {
    const { rows } = await db.pool.query<{ xid: string }>(`SELECT xid::text FROM log_cursor WHERE name = 'alerts'`)
    expect(rows).toHaveLength(1)
    expect(await createAlertStore(db).due(10, 0)).toEqual([])
  })

  it('gives new passwords where the file is gone, or is of another database', async () => {
    const hash = await hashOf('mara@brindlewick.example')
    await rm(file)
    const renewed = await seed(url, file)
    expect(renewed.publicKey).toBe(credentials.publicKey)
    expect(renewed.agents[0]?.password).not.toBe(credentials.agents[0]?.password)
    expect(await hashOf('mara@brindlewick.example')).not.toBe(hash)

    const other = await createDatabase()
    const there = await seed(other.url, join(folder, 'other.json'))
    const again = await seed(url, join(folder, 'other.json'))
    expect(again.publicKey).toBe(credentials.publicKey)
    expect(again.agents[0]?.password).not.toBe(there.agents[0]?.password)
  })
})
