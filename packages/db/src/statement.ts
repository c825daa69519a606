import type pg from 'pg'
import { createBatch } from './statement-batch.ts'

/** What a statement may be given: one value, or one array for a column of rows. */
export type Value = string | number | boolean | null | readonly (string | number | boolean | null)[]

/** A prepared statement: what it takes, in order, and what a row of its answer holds. */
export interface Statement<P extends readonly Value[], R> {
  /** Unique over the process: Postgres keeps the plan under it. */
  readonly name: string
  readonly text: string
  /** Only for the types; never set. */
  readonly of?: (values: P) => R
}

/** A statement with its values. */
export interface Call<R> {
  statement: Pick<Statement<never, R>, 'name' | 'text'>
  values: readonly Value[]
  /** Only for the types; never set. */
  of?: R
}

/** The rows of some calls, in their order. */
export type RowsOf<C extends readonly Call<unknown>[]> = {
  -readonly [K in keyof C]: C[K] extends Call<infer R> ? R[] : never
}

/** A statement with its values, to travel with others. */
export function call<P extends readonly Value[], R>(statement: Statement<P, R>, values: P): Call<R> {
  return { statement, values }
}

/** Runs a prepared statement. */
export async function run<P extends readonly Value[], R>(
  client: pg.ClientBase,
  statement: Statement<P, R>,
  values: P,
): Promise<R[]> {
  const [rows] = await runAll(client, [call(statement, values)])
  return rows
}

/**
 * Runs several, one after the other, in one round trip: they leave in one write and are answered in one. The first that fails
 * ends the rest; Postgres then has run none of those behind it.
 */
export async function runAll<const C extends readonly Call<unknown>[]>(
  client: pg.ClientBase,
  calls: C,
): Promise<RowsOf<C>> {
  const results = await new Promise((resolve, reject) => void client.query(createBatch(calls, resolve, reject)))
  return results as never
}
