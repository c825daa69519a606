/** Streams with a past, made inside Postgres: what a year of use leaves behind, in seconds. */
import pg from 'pg'
import { WORKSPACE } from './world.ts'

export interface Filling {
  prefix: string
  visitors: number
  /** Per visitor. */
  messages: number
}

export interface Filled {
  /** When the streams begin, in milliseconds. */
  from: number
  /** The timestamp of the n-th message of every stream, from 1. */
  at(message: number): number
}

/** Adds visitors, each with one open conversation and so many messages, an hour ago and a second apart. */
export async function fillStreams(sql: pg.Pool, { prefix, visitors, messages }: Filling): Promise<Filled> {
  const from = Date.now() - 3_600_000
  // The first event of a stream opens its conversation, so messages are numbered from 2.
  const values = [WORKSPACE, prefix, visitors, messages, from]
  const text = (number: string) => `'message ' || ${number} || ' of an old conversation'`
  const visitor = `INSERT INTO visitor (workspace_id, visitor_id, name, seq, internal_seq, last_timestamp, conversation_id, status, last_text, last_from, last_at, opened_at, updated_at, listed_at, unread)
    SELECT $1, $2 || '-' || v, 'Visitor ' || v, $4::int + 1, 0, $5::bigint + $4::int * 1000, 'cnv_' || $2 || '_' || v,
      'open', ${text('$4::int')}, 'visitor', $5::bigint + $4::int * 1000, $5::bigint, $5::bigint + $4::int * 1000,
      ($5::bigint + $4::int * 1000) / 10000 * 10000, 1
    FROM generate_series(0, $3::int - 1) v`
  const event = `INSERT INTO event (workspace_id, visitor_id, stream, seq, id, name, conversation_id, timestamp, actor, data, sender, client_message_id)
    SELECT $1, $2 || '-' || v, 'public', n + 1, CASE n WHEN 0 THEN 'evt_' ELSE 'msg_' END || $2 || '_' || v || '_' || n,
      CASE n WHEN 0 THEN 'conversation.opened' ELSE 'message.sent' END, 'cnv_' || $2 || '_' || v, $5::bigint + n * 1000,
      jsonb_build_object('kind', 'visitor', 'id', $2 || '-' || v, 'name', null),
      CASE n WHEN 0 THEN '{}'::jsonb ELSE jsonb_build_object('text', ${text('n')}) END,
      CASE n WHEN 0 THEN NULL ELSE 'visitor' END, CASE n WHEN 0 THEN NULL ELSE 'fill-' || n END
    FROM generate_series(0, $3::int - 1) v, generate_series(0, $4::int) n`
  await sql.query(visitor, values)
  await sql.query(event, values)
  await sql.query('VACUUM ANALYZE visitor, event')
  return { from, at: (message) => from + message * 1000 }
}

/** The same messages in the baselines' table. */
export async function fillBaseline(
  url: string,
  { prefix, visitors, messages, from }: Filling & { from: number },
): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(
    `INSERT INTO message (visitor_id, text, created_at)
     SELECT $1 || '-' || v, 'message ' || n || ' of an old conversation', to_timestamp(($4::bigint + n * 1000) / 1000.0) AT TIME ZONE 'UTC'
     FROM generate_series(0, $2::int - 1) v, generate_series(1, $3::int) n`,
    [prefix, visitors, messages, from],
  )
  await client.query('VACUUM ANALYZE message')
  await client.end()
}
