import { randomUUID } from 'node:crypto'
import type { IdPrefix, WorkspaceId } from '@dosti/contracts'
import type { Ids } from '@dosti/conversations'
import { createDatabase } from '@dosti/testkit'
import { afterAll } from 'vitest'
import { createDb } from '../src/client.ts'
import type { Db, DbOptions } from '../src/client.ts'
import { scoped } from '../src/scope.ts'

/** The workspaces of the tests, each with the agents Ann and Ben. */
export const WORKSPACES: [WorkspaceId, WorkspaceId] = ['wsp_a', 'wsp_b']

/** Ids that stay apart when several nodes make them. */
export const randomIds: Ids = {
  next: <P extends IdPrefix>(prefix: P): `${P}_${string}` => `${prefix}_${randomUUID()}`,
}

/** A migrated database of this test file's own, with two workspaces, as a service opens it. */
export async function openTestDb(options?: DbOptions): Promise<{ db: Db; url: string }> {
  const { url } = await createDatabase()
  const db = await openDb(url, options)
  await addWorkspaces(db)
  return { db, url }
}

/** Opens a database until the file is over. */
export async function openDb(url: string, options?: DbOptions): Promise<Db> {
  const db = await createDb(url, options)
  afterAll(() => db.close())
  return db
}

/** Adds the workspaces of the tests. */
export async function addWorkspaces(db: Db): Promise<void> {
  for (const workspaceId of WORKSPACES) {
    const agent = (name: string) => {
      const key = name.toLowerCase()
      const id = workspaceId === 'wsp_a' ? `agt_${key}` : `agt_${key}_${workspaceId}`
      return { workspaceId, id, name, email: `${id}@example.com`, passwordHash: 'none' }
    }
    await scoped(db, [workspaceId], async (tx) => {
      await tx.workspace.create({ data: { id: workspaceId, name: `Workspace ${workspaceId}`, createdAt: 0 } })
      await tx.agent.createMany({ data: [agent('Ann'), agent('Ben')] })
    })
  }
}
