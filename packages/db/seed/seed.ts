import { chmod, readFile, writeFile } from 'node:fs/promises'
import type { WorkspaceId } from '@dosti/contracts'
import { createDb, withConnection } from '../src/client.ts'
import type { Db } from '../src/client.ts'
import { ALERT_CURSOR, SKIP_LOG } from '../src/log-statements.ts'
import { scoped, transact } from '../src/scope.ts'
import { call } from '../src/statement.ts'
import { writes, type Rows } from '../src/write-statements.ts'
import { english } from './english.ts'
import { german } from './german.ts'
import { hindi } from './hindi.ts'
import { WORKSPACES } from './people.ts'
import { play } from './play.ts'
import type { DemoConversation } from './script.ts'
import { hashPassword, newPassword, newPublicKey } from '../src/secrets.ts'
import { spanish } from './spanish.ts'
import { urdu } from './urdu.ts'

/** What is needed to use one demo workspace. */
interface WorkspaceCredentials {
  publicKey: string
  agents: { name: string; email: string; password: string }[]
}

/** The file that the seed leaves behind, for its owner's eyes alone. */
export interface Credentials extends WorkspaceCredentials {
  otherWorkspace: WorkspaceCredentials
}

type DemoWorkspace = (typeof WORKSPACES)[number]

const CONVERSATIONS: DemoConversation[] = [...english, ...urdu, ...hindi, ...spanish, ...german]

/**
 * Fills a migrated database with the demo, once: what is there already stays. Passwords and keys are random; where the file
 * is missing, or belongs to another database, the demo's agents get new passwords and the file is written anew.
 */
export async function seed(url: string, file: string): Promise<Credentials> {
  const db = await createDb(url, { name: 'dosti-seed', connections: 2 })
  try {
    const known = await fittingCredentials(db, await readCredentials(file))
    const [first, second] = WORKSPACES
    const credentials: Credentials = {
      ...(await seedWorkspace(db, first, known)),
      otherWorkspace: await seedWorkspace(db, second, known?.otherWorkspace),
    }
    await skipInLog(db)
    if (known === undefined) await writeCredentials(file, credentials)
    return credentials
  } finally {
    await db.close()
  }
}

async function readCredentials(file: string): Promise<Credentials | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Credentials
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      return undefined
    throw error
  }
}

async function writeCredentials(file: string, credentials: Credentials): Promise<void> {
  await writeFile(file, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })
  // The mode of an existing file is not changed by writing.
  await chmod(file, 0o600)
}

/** A file of another database names a key that this one, already seeded, does not have. */
async function fittingCredentials(db: Db, credentials: Credentials | undefined): Promise<Credentials | undefined> {
  if (credentials === undefined) return undefined
  const isSeeded = (await scoped(db, '*', (tx) => tx.agent.count({ where: { workspaceId: WORKSPACES[0].id } }))) > 0
  if (!isSeeded) return credentials
  const keys = [credentials.publicKey, credentials.otherWorkspace.publicKey]
  const found = await scoped(db, '*', (tx) => tx.publicKey.count({ where: { key: { in: keys } } }))
  return found === keys.length ? credentials : undefined
}

async function seedWorkspace(
  db: Db,
  workspace: DemoWorkspace,
  known: WorkspaceCredentials | undefined,
): Promise<WorkspaceCredentials> {
  const { id: workspaceId, name } = workspace
  const now = Date.now()
  const agents = workspace.agents.map(({ name, email }) => {
    const password = known?.agents.find((agent) => agent.email === email)?.password ?? newPassword()
    return { name, email, password }
  })
  const hashes = await Promise.all(agents.map(({ password }) => hashPassword(password)))
  const publicKey = await scoped(db, [workspaceId], async (tx) => {
    await tx.workspace.createMany({ data: { id: workspaceId, name, createdAt: now }, skipDuplicates: true })
    const rows = workspace.agents.map(({ id, name, email, available }, index) => ({
      workspaceId,
      id,
      name,
      email,
      available,
      passwordHash: hashes[index] ?? '',
    }))
    await tx.agent.createMany({ data: rows, skipDuplicates: true })
    if (known === undefined) {
      for (const { id, passwordHash } of rows) {
        await tx.agent.update({ where: { workspaceId_id: { workspaceId, id } }, data: { passwordHash } })
      }
    }
    const valid = await tx.publicKey.findFirst({ where: { workspaceId, revokedAt: null }, orderBy: { key: 'asc' } })
    const key = known?.publicKey ?? valid?.key ?? newPublicKey()
    await tx.publicKey.createMany({ data: { workspaceId, key }, skipDuplicates: true })
    return key
  })
  const conversations = CONVERSATIONS.filter((demo) => (demo.workspace ?? WORKSPACES[0].key) === workspace.key)
  await seedConversations(db, workspaceId, conversations, now)
  return { publicKey, agents }
}

async function seedConversations(
  db: Db,
  workspaceId: WorkspaceId,
  conversations: DemoConversation[],
  now: number,
): Promise<void> {
  const visitorIds = conversations.map(({ visitorId }) => visitorId)
  const where = { workspaceId, visitorId: { in: visitorIds } }
  const there = await scoped(db, [workspaceId], (tx) => tx.visitor.findMany({ where, select: { visitorId: true } }))
  const known = new Set(there.map(({ visitorId }) => visitorId))
  const played = conversations.filter(({ visitorId }) => !known.has(visitorId)).map((demo) => play(demo, now))
  if (played.length === 0) return
  const rows: Rows = {
    createdVisitors: played.map(({ thread }) => ({ workspaceId, thread })),
    changedVisitors: [],
    events: played.flatMap(({ events }) => events.map((event) => ({ workspaceId, event, once: undefined }))),
  }
  await withConnection(db, (client) => transact(client, [workspaceId], writes(rows)))
}

/** What the demo's visitors wrote is past: a follower that starts on a fresh database must not ring for it. */
async function skipInLog(db: Db): Promise<void> {
  await withConnection(db, (client) => transact(client, '*', [call(SKIP_LOG, [ALERT_CURSOR])]))
}
