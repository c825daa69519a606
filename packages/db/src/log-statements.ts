/** The SQL of the follower of the log and of the alerts. The follower reads in the scope of every workspace, as a reply never may. */
import type { ConversationId, StoredEvent } from '@dosti/contracts'
import { CLOCK, EVENT, NOW, THREADS } from './conversation-statements.ts'
import { rowsFrom, type Statement } from './statement.ts'

/** The follower that makes alerts. */
export const ALERT_CURSOR = 'alerts'

/** The agent a, still a member, who has the conversation of a visitor v. */
const ASSIGNEE = `LEFT JOIN agent a ON a.workspace_id = v.workspace_id AND a.id = v.assignee_id AND a.removed_at IS NULL`

/** An event with its place in the log. Of a message also: how its visitor's current conversation stands, and what rings for it. */
export interface LogRow {
  workspace_id: string
  /** A 64-bit number as text. */
  xid: string
  log_id: number
  event: StoredEvent
  conversation_id: ConversationId | null
  status: 'open' | 'closed'
  read_by_agents: number
  attended: boolean
  /** Of alerts since it was last reopened. */
  due_seqs: number[]
}

/** Leadership for as long as the session lives; the server ends it with the connection, so a dead leader leaves at once. */
export const TRY_LEAD: Statement<[name: string], { leads: boolean }> = {
  name: 'try_lead',
  text: `SELECT pg_try_advisory_lock(hashtextextended('dosti.follower.' || $1, 0)) AS leads`,
}

/**
 * How the leader's session commits and ends. It does not wait for the disk: what it wrote is lost with the cursor or not at all, and
 * flushed before any of it rings, by the commit of whoever takes an alert. And Postgres notices within a few seconds that the
 * leader's machine is gone, which closes no connection, or that its process stands still.
 */
export const SET_LEADER: Statement<[], unknown> = {
  name: 'set_leader',
  text: `SELECT set_config('synchronous_commit', 'off', false), set_config('tcp_keepalives_idle', '2', false),
    set_config('tcp_keepalives_interval', '1', false), set_config('tcp_keepalives_count', '2', false),
    set_config('idle_session_timeout', '5000', false)`,
}

/** The scope of every workspace, and where a cursor stands; at the beginning if it never moved. */
const AT_CURSOR = `scope AS MATERIALIZED (SELECT set_config('dosti.scope', '*', true) AS id),
      cursor AS MATERIALIZED (
        SELECT coalesce(max(xid), '0'::xid8) AS xid, coalesce(max(log_id), 0) AS log_id FROM log_cursor WHERE name = $1)`

/**
 * What follows the cursor. By (xid, log_id), and only below the oldest transaction that still runs: a number alone is taken
 * before its commit, so a later one may be seen first and the earlier one be missed for ever.
 */
export const READ_LOG: Statement<[cursor: string, limit: number], LogRow> = {
  name: 'read_log',
  text: `
    WITH ${AT_CURSOR}
    SELECT rows.workspace_id, rows.xid, rows.log_id, rows.event, standing.*
    FROM scope CROSS JOIN cursor CROSS JOIN LATERAL (
      SELECT e.workspace_id, e.visitor_id, e.name, e.seq, e.xid::text AS xid, e.log_id, ${EVENT} AS event
      FROM event e
      WHERE scope.id = '*' AND (e.xid, e.log_id) > (cursor.xid, cursor.log_id) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
      ORDER BY e.xid, e.log_id LIMIT $2
    ) rows
    LEFT JOIN LATERAL (
      SELECT v.conversation_id, v.status, v.read_by_agents, coalesce(a.available, false) AS attended,
        ARRAY(SELECT l.event_seq FROM alert l
          WHERE l.workspace_id = v.workspace_id AND l.conversation_id = v.conversation_id AND l.status = 'due' AND NOT EXISTS (
            SELECT FROM event r WHERE r.workspace_id = v.workspace_id AND r.visitor_id = v.visitor_id AND r.stream = 'public'
              AND r.seq > l.event_seq AND r.seq < rows.seq AND r.name = 'conversation.reopened')) AS due_seqs
      FROM visitor v
      ${ASSIGNEE}
      WHERE rows.name = 'message.sent' AND v.workspace_id = rows.workspace_id AND v.visitor_id = rows.visitor_id OFFSET 0
    ) standing ON true`,
}

/** How old the oldest event behind the cursor is, whether it may be read yet or not; no row if there is none. */
export const READ_LAG: Statement<[cursor: string], { lag_ms: number }> = {
  name: 'read_lag',
  text: `
    WITH ${AT_CURSOR}
    SELECT ${CLOCK} - oldest.timestamp AS lag_ms
    FROM scope CROSS JOIN cursor CROSS JOIN LATERAL (
      SELECT e.timestamp FROM event e
      WHERE scope.id = '*' AND (e.xid, e.log_id) > (cursor.xid, cursor.log_id)
      ORDER BY e.xid, e.log_id LIMIT 1
    ) oldest`,
}

/**
 * Moves a cursor, forwards only, and adds alerts, given as JSON; one that is there already stays as it is. No row: the cursor stood
 * beyond, and nothing was written. Else the alerts that are new, or one row of nulls.
 */
export const ADVANCE: Statement<
  [name: string, xid: string, logId: number, alerts: string],
  { workspace_id: string | null; id: string; due_in_ms: number }
> = {
  name: 'advance',
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', '*', true) AS id),
    moved AS (
      INSERT INTO log_cursor AS c (name, xid, log_id) SELECT $1, $2::text::xid8, $3 FROM scope WHERE scope.id = '*'
      ON CONFLICT (name) DO UPDATE SET xid = excluded.xid, log_id = excluded.log_id
        WHERE (c.xid, c.log_id) < (excluded.xid, excluded.log_id)
      RETURNING name
    ), added AS (
      INSERT INTO alert (workspace_id, id, conversation_id, visitor_id, event_seq, step, due_at)
      SELECT x.* FROM moved CROSS JOIN json_to_recordset($4::json) AS x (workspace_id text, id text, conversation_id text,
        visitor_id text, event_seq int, step int, due_at bigint)
      ON CONFLICT (workspace_id, conversation_id, event_seq, step) DO NOTHING
      RETURNING workspace_id, id, due_at - ${CLOCK} AS due_in_ms
    )
    SELECT added.* FROM moved LEFT JOIN added ON true`,
}

/** Where an event lies: its primary key, the transaction that wrote it, and its id. */
export interface KeyRow {
  xid: string
  id: StoredEvent['id']
  workspace_id: string
  visitor_id: string
  stream: StoredEvent['stream']
  seq: number
}

/** Every transaction below `finished` is over; none from `unbegun` on has begun. */
export const READ_SNAPSHOT: Statement<[], { finished: string; unbegun: string; now: number }> = {
  name: 'read_snapshot',
  text: `
    SELECT pg_snapshot_xmin(s)::text AS finished, pg_snapshot_xmax(s)::text AS unbegun, ${NOW}
    FROM pg_current_snapshot() s`,
}

/** The events of the oldest transactions of a range, of whole transactions until there are at least so many. */
const inRange = (columns: string) => `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', '*', true) AS id)
    SELECT rows.* FROM scope CROSS JOIN LATERAL (
      SELECT ${columns} FROM event
      WHERE scope.id = '*' AND event.xid >= $1::text::xid8 AND event.xid < $2::text::xid8
      ORDER BY event.xid FETCH FIRST ($3::int) ROWS WITH TIES
    ) rows`

/** Where they lie. */
export const READ_KEYS: Statement<[from: string, before: string, limit: number], KeyRow> = {
  name: 'read_keys',
  text: inRange('xid::text AS xid, id, workspace_id, visitor_id, stream, seq'),
}

/** Their ids alone, in one row, parted by blanks, and the last transaction; null if there are none. */
export const READ_IDS: Statement<
  [from: string, before: string, limit: number],
  { ids: string | null; last: string | null }
> = {
  name: 'read_ids',
  text: `SELECT string_agg(id, ' ') AS ids, max(xid)::text AS last FROM (${inRange('xid, id')}) of_range`,
}

/** Whole events by their keys, in the order in which they are asked for. */
export const READ_EVENTS: Statement<
  [scope: string, workspaceIds: string[], visitorIds: string[], streams: string[], seqs: number[]],
  { workspace_id: string; event: StoredEvent }
> = {
  name: 'read_events',
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS ids)
    SELECT e.workspace_id, ${EVENT} AS event
    FROM scope
    CROSS JOIN ${rowsFrom({ ...THREADS, stream: 'text', seq: 'int' }, { first: 2, withPlace: true })} k
    CROSS JOIN LATERAL (
      SELECT * FROM event WHERE scope.ids IS NOT NULL AND workspace_id = k.workspace_id AND visitor_id = k.visitor_id
        AND stream = k.stream AND seq = k.seq OFFSET 0
    ) e
    ORDER BY k.place`,
}

/** Puts a cursor that does not exist yet at the end of the log. */
export const SKIP_LOG: Statement<[name: string], never> = {
  name: 'skip_log',
  text: `
    INSERT INTO log_cursor (name, xid, log_id) SELECT $1, xid, log_id FROM event ORDER BY xid DESC, log_id DESC LIMIT 1
    ON CONFLICT (name) DO NOTHING`,
}

/** Alerts whose time came at least so long ago and that nobody took. */
export const READ_DUE: Statement<
  [limit: number, overdueByMs: number],
  { workspace_id: string; id: string; due_in_ms: number }
> = {
  name: 'read_due',
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', '*', true) AS id)
    SELECT rows.* FROM scope CROSS JOIN LATERAL (
      SELECT workspace_id, id, due_at - ${CLOCK} AS due_in_ms FROM alert
      WHERE scope.id = '*' AND status = 'due' AND due_at <= ${CLOCK} - $2::bigint
      ORDER BY due_at LIMIT $1
    ) rows`,
}

/**
 * Whether nobody has reacted: an alert l of the current conversation of its visitor v, whose assignee is the agent a. While it was due
 * it rang for later messages too: who reads its own and not those has not reacted to them, unless they ring by themselves.
 */
const WAITS = `l.conversation_id = v.conversation_id AND v.status = 'open' AND NOT coalesce(a.available, false)
  AND (v.read_by_agents < l.event_seq OR v.unread > 0 AND NOT EXISTS (SELECT FROM alert o
    WHERE o.workspace_id = l.workspace_id AND o.conversation_id = l.conversation_id AND o.event_seq > v.read_by_agents))`

/** What rings, of an alert l and its visitor v. */
export interface RingRow {
  workspace_id: string
  id: string
  conversation_id: string
  visitor_id: string
  visitor_name: string | null
  text: string | null
  step: number
  agents: { id: string; available: boolean }[]
}

const RING = `l.workspace_id, l.id, l.conversation_id, l.visitor_id, v.name AS visitor_name, v.last_text AS text, l.step,
  (SELECT coalesce(json_agg(json_build_object('id', m.id, 'available', m.available) ORDER BY m.id), '[]')
    FROM agent m WHERE m.workspace_id = l.workspace_id AND m.removed_at IS NULL) AS agents`

/** Of those who take an alert at once, one gets the row: `sent` if the visitor still waits, `cancelled` if not. */
export const TAKE_ALERT: Statement<[workspaceId: string, alertId: string], RingRow & { status: 'sent' | 'cancelled' }> =
  {
    name: 'take_alert',
    text: `
    UPDATE alert l SET finished_at = ${CLOCK},
      status = CASE WHEN ${WAITS} THEN 'sent' ELSE 'cancelled' END
    FROM visitor v
    ${ASSIGNEE}
    WHERE l.workspace_id = $1 AND l.id = $2 AND l.status = 'due'
      AND v.workspace_id = l.workspace_id AND v.visitor_id = l.visitor_id
    RETURNING l.status, ${RING}`,
  }

/** Of the newest alerts of each of some workspaces that rang within so many milliseconds, those that wait still, in the order they rang. */
export const READ_RUNG: Statement<[scope: string, withinMs: number, limitOfEach: number], RingRow> = {
  name: 'read_rung',
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS ids)
    SELECT rows.* FROM scope CROSS JOIN LATERAL (
      SELECT ${RING}
      FROM unnest(string_to_array(scope.ids, ',')) AS k (workspace_id)
      CROSS JOIN LATERAL (
        SELECT * FROM alert WHERE workspace_id = k.workspace_id AND status = 'sent'
          AND finished_at >= ${CLOCK} - $2::bigint
        ORDER BY finished_at DESC LIMIT $3
      ) l
      JOIN visitor v ON v.workspace_id = l.workspace_id AND v.visitor_id = l.visitor_id
      ${ASSIGNEE}
      WHERE ${WAITS} ORDER BY l.finished_at OFFSET 0
    ) rows`,
}
