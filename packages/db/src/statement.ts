import type pg from 'pg'

/** A prepared statement: what it takes, in order, and what a row of its answer holds. */
export interface Statement<P extends unknown[], R> {
  /** Unique over the process: Postgres keeps the plan under it. */
  readonly name: string
  readonly text: string
  /** Only for the types; never set. */
  readonly of?: (...values: P) => R
}

/** Runs a prepared statement. */
export async function run<P extends unknown[], R>(
  client: pg.ClientBase,
  statement: Statement<P, R>,
  values: P,
): Promise<R[]> {
  const query: pg.QueryConfig = { name: statement.name, text: statement.text, values }
  const { rows } = await client.query(query)
  return rows as R[]
}
