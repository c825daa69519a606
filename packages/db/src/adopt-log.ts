import type pg from 'pg'

/**
 * Renumbers a log that another cluster wrote, as after a restore by pg_dump: its transaction numbers say nothing here, and those
 * that lie ahead would hide every new event behind them. If there are any, all that was restored then lies before whatever is
 * written from now on, and before the cursors: what had not rung before the restore does not ring any more. Returns how many events
 * were renumbered; each is written anew, with its indexes.
 */
export async function adoptLog(client: pg.Client): Promise<number> {
  await client.query('BEGIN')
  try {
    await client.query(`SELECT set_config('dosti.scope', '*', true)`)
    // What is seen here was written by transactions below the newest number that this cluster has completed.
    const { rows } = await client.query<{ is_ahead: boolean }>(
      `SELECT EXISTS (SELECT FROM event WHERE ${AHEAD}) OR EXISTS (SELECT FROM log_cursor WHERE ${AHEAD}) AS is_ahead`,
    )
    if (rows[0]?.is_ahead !== true) return 0
    const { rowCount } = await client.query(`UPDATE event SET xid = '3' WHERE ${AHEAD}`)
    await client.query('UPDATE log_cursor SET xid = pg_current_xact_id(), log_id = 0')
    return rowCount ?? 0
  } finally {
    await client.query('COMMIT')
  }
}

const AHEAD = 'xid >= pg_snapshot_xmax(pg_current_snapshot())'
