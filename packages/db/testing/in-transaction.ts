import type pg from 'pg'
import type { Db } from '../src/client.ts'
import { BEGIN, COMMIT, orRollBack, scopeText, SET_SCOPE, type Scope } from '../src/scope.ts'
import { call, run, runAll } from '../src/statement.ts'

/** A transaction that stays open while `work` does something else: commits when it resolves, rolls back when it rejects. */
export async function inTransaction<T>(
  { pool }: Db,
  scope: Scope,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect()
  try {
    return await orRollBack(client, async () => {
      await runAll(client, [call(BEGIN, []), call(SET_SCOPE, [scopeText(scope)])])
      const result = await work(client)
      await run(client, COMMIT, [])
      return result
    })
  } finally {
    client.release()
  }
}
