import pg from 'pg'

/** What lets Postgres count its statements; on for `--profile` alone, since counting costs a little. */
export const COUNTED = ['shared_preload_libraries=pg_stat_statements', 'pg_stat_statements.track_utility=on']

/** Starts to count anew; the returned function gives the dearest statements of our databases as lines. */
export async function countStatements(url: string): Promise<() => Promise<string[]>> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements')
  await client.query('SELECT pg_stat_statements_reset()')
  return async () => {
    const { rows } = await client.query<{ query: string; calls: string; rows: string; ms: number; share: number }>(
      `SELECT regexp_replace(query, '\\s+', ' ', 'g') AS query, calls, rows, mean_exec_time AS ms,
         total_exec_time / sum(total_exec_time) OVER () AS share
       FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 8`,
    )
    await client.end()
    return rows.map(
      ({ query, calls, rows: touched, ms, share }) =>
        `${(share * 100).toFixed(1).padStart(5)} %  ${calls} calls, ${touched} rows, ${ms.toFixed(3)} ms each: ${query.trim().slice(0, 110)}`,
    )
  }
}
