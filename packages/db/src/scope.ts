import type { WorkspaceId } from '@dosti/contracts'
import type pg from 'pg'
import { DEADLINE_MS, withinDeadline } from './client.ts'
import type { Db } from './client.ts'
import type { Prisma } from './generated/client.ts'
import { call, runAll, type Call, type RowsOf, type Statement } from './statement.ts'

/** The workspaces whose rows a transaction may see and write; `*` is for credentials, the follower of the log and the sweep. */
export type Scope = '*' | readonly WorkspaceId[]

/** The scope as the setting `dosti.scope` holds it. */
export function scopeText(scope: Scope): string {
  if (scope === '*') return scope
  for (const id of scope) if (!/^wsp_[\w-]+$/u.test(id)) throw new Error(`not a workspace id: ${JSON.stringify(id)}`)
  return [...new Set(scope)].join(',')
}

/** Begins a transaction of several round trips; the next statement sets its scope. */
export const BEGIN: Statement<[], never> = { name: 'begin', text: 'BEGIN' }
export const SET_SCOPE: Statement<[scope: string], unknown> = {
  name: 'set_scope',
  text: `SELECT set_config('dosti.scope', $1, true)`,
}

/** Commits; fails if Postgres rolled back instead, as it does after a failed statement. */
export const COMMIT: Statement<[], never> = { name: 'commit', text: 'COMMIT' }

/** Work in a transaction that it begins and commits itself; rolls back when it rejects. */
export async function orRollBack<T>(client: pg.PoolClient, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // A broken connection cannot, and need not.
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** A whole transaction in one round trip, which begins and commits it by itself; the rows of each call. */
export async function transact<const C extends readonly Call<unknown>[]>(
  client: pg.PoolClient,
  scope: Scope,
  calls: C,
): Promise<RowsOf<C>> {
  const results: unknown[][] = await runAll(client, [call(SET_SCOPE, [scopeText(scope)]), ...calls])
  return results.slice(1) as never
}

/** A Prisma transaction within a scope; it too answers before the deadline. */
export async function scoped<T>(db: Db, scope: Scope, work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> {
  const transaction = db.prisma.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT set_config('dosti.scope', ${scopeText(scope)}, true)`
    return await work(tx)
  })
  return await withinDeadline(transaction, DEADLINE_MS, () => {})
}
