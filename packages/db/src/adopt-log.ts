import type pg from 'pg'

/**
 * Renumbers a log that another cluster wrote, as after a restore by pg_dump: its transaction numbers say nothing here, and those
 * that lie ahead would hide every new event behind them. All that was restored then lies before whatever is written from now on,
 * and before the cursors: what rang or did not ring before the restore stays so. Returns how many events were renumbered.
 */
export async function adoptLog(client: pg.Client): Promise<number> {
  await client.query('BEGIN')
  await client.query(`SELECT set_config('dosti.scope', '*', true)`)
  // No event that is seen can have been written by a transaction that has not begun.
  const { rowCount } = await client.query(
    `UPDATE event SET xid = '3' WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())`,
  )
  await client.query(
    `UPDATE log_cursor SET xid = pg_current_xact_id(), log_id = 0
     WHERE $1 OR xid > pg_snapshot_xmax(pg_current_snapshot())`,
    [(rowCount ?? 0) > 0],
  )
  await client.query('COMMIT')
  return rowCount ?? 0
}
