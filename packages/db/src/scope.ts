import type { WorkspaceId } from '@dosti/contracts'
import type pg from 'pg'
import { DEADLINE_MS, withinDeadline } from './client.ts'
import type { Db } from './client.ts'
import type { Prisma } from './generated/client.ts'

/** The workspaces whose rows a transaction may see and write; `*` is for credentials, the follower of the log and the sweep. */
export type Scope = '*' | readonly WorkspaceId[]

/** The scope as the setting `dosti.scope` holds it. */
export function scopeText(scope: Scope): string {
  if (scope === '*') return scope
  for (const id of scope) if (!/^wsp_[\w-]+$/u.test(id)) throw new Error(`not a workspace id: ${JSON.stringify(id)}`)
  return [...new Set(scope)].join(',')
}

/** Begins a transaction within a scope; one round trip. */
export async function begin(client: pg.PoolClient, scope: Scope): Promise<void> {
  await client.query(`BEGIN; SELECT set_config('dosti.scope', '${scopeText(scope)}', true)`)
}

/** Commits; rejects if Postgres rolled back instead, as it does after a failed statement. */
export async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT')
  if (command !== 'COMMIT') throw new Error(`the transaction ended with ${command}`)
}

/** Rolls back; a broken connection cannot, and need not. */
export async function rollback(client: pg.PoolClient): Promise<void> {
  await client.query('ROLLBACK').catch(() => {})
}

/** A transaction on a connection of its own statements: commits when `work` resolves, rolls back when it rejects. */
export async function inTransaction<T>(client: pg.PoolClient, scope: Scope, work: () => Promise<T>): Promise<T> {
  await begin(client, scope)
  try {
    const result = await work()
    await commit(client)
    return result
  } catch (error) {
    await rollback(client)
    throw error
  }
}

/** A Prisma transaction within a scope; it too answers before the deadline. */
export async function scoped<T>(db: Db, scope: Scope, work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> {
  const transaction = db.prisma.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT set_config('dosti.scope', ${scopeText(scope)}, true)`
    return await work(tx)
  })
  return await withinDeadline(transaction, DEADLINE_MS, () => {})
}
