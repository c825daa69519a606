/**
 * The SQL of the message path, all of it prepared. Reads are one round trip each: the first thing such a statement does is to
 * set the scope of row-level security, for itself alone, and the rest hangs on that row by LATERAL, so that no plan can look
 * at a table before. `OFFSET 0` keeps the planner from pulling a sub-select out of that order.
 */
import type { AgentsConversation, StoredEvent } from '@dosti/contracts'
import type { Thread } from '@dosti/conversations'
import type { Statement } from './statement.ts'

/** A visitor whose thread may change, as the locked row says. */
export interface ThreadRow {
  workspace_id: string
  visitor_id: string
  thread: Thread
}

/** An event that was found by its sender's client message id. */
export interface KnownRow {
  workspace_id: string
  visitor_id: string
  sender: string
  client_message_id: string
  event: StoredEvent
}

/** What a page reads: the head and the events from one snapshot. */
export interface PageRow<E> {
  thread: Thread
  events: E[]
}

// A head, from a conversation c and its visitor v, as the wire's agents' view.
const HEAD = `json_build_object(
  'id', c.id, 'visitorId', v.visitor_id, 'visitorName', v.name, 'status', c.status, 'agents', c.agents,
  'lastMessage', CASE WHEN c.last_at IS NOT NULL
    THEN json_build_object('text', c.last_text, 'from', c.last_from, 'timestamp', c.last_at) END,
  'openedAt', c.opened_at, 'closedAt', c.closed_at, 'updatedAt', c.updated_at, 'seq', v.seq,
  'readByAgents', c.read_by_agents, 'readByVisitor', c.read_by_visitor,
  'assignee', CASE WHEN c.assignee_id IS NOT NULL THEN json_build_object('id', c.assignee_id, 'name', c.assignee_name) END,
  'unread', c.unread, 'internalSeq', v.internal_seq, 'bound', v.bound)`

const THREAD = `json_build_object(
  'visitorId', v.visitor_id, 'visitorName', v.name, 'bound', v.bound, 'seq', v.seq, 'internalSeq', v.internal_seq,
  'lastTimestamp', v.last_timestamp, 'conversation', CASE WHEN c.id IS NOT NULL THEN ${HEAD} END)`

const VISITOR_AND_HEAD = `visitor v LEFT JOIN conversation c ON c.workspace_id = v.workspace_id AND c.id = v.conversation_id`

/** An event e as the wire has it. */
export const EVENT = `json_build_object(
  'id', e.id, 'name', e.name, 'stream', e.stream, 'seq', e.seq, 'timestamp', e.timestamp, 'visitorId', e.visitor_id,
  'conversationId', e.conversation_id, 'actor', e.actor, 'data', e.data)`

const lock = (
  name: string,
  mode: string,
): Statement<[workspaceIds: string[], visitorIds: string[]], { workspace_id: string; visitor_id: string }> => ({
  name,
  text: `
    SELECT v.workspace_id, v.visitor_id
    FROM unnest($1::text[], $2::text[]) AS k (workspace_id, visitor_id)
    JOIN visitor v ON v.workspace_id = k.workspace_id AND v.visitor_id = k.visitor_id
    ORDER BY v.workspace_id, v.visitor_id
    FOR UPDATE OF v ${mode}`,
})

/** Locks those visitors of a batch that nobody else holds, always in the same order. One index look-up each. */
export const LOCK_FREE = lock('lock_free', 'SKIP LOCKED')

/** Locks visitors, waiting for whoever holds them, as long as lock_timeout allows. */
export const LOCK_WAITING = lock('lock_waiting', '')

/**
 * All that the decisions of a batch read, and the one clock. A statement of its own after the locks: its snapshot is newer
 * than they are, while the locking statement itself would join the new visitor to an old head.
 */
export const READ_THREADS: Statement<
  [
    workspaceIds: string[],
    visitorIds: string[],
    onceWorkspaceIds: string[],
    onceVisitorIds: string[],
    senders: string[],
    clientMessageIds: string[],
  ],
  { now: number; threads: ThreadRow[]; known: KnownRow[] }
> = {
  name: 'read_threads',
  text: `
    SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
      (SELECT coalesce(json_agg(json_build_object('workspace_id', v.workspace_id, 'visitor_id', v.visitor_id, 'thread', ${THREAD})), '[]')
        FROM unnest($1::text[], $2::text[]) AS k (workspace_id, visitor_id)
        JOIN (${VISITOR_AND_HEAD}) ON v.workspace_id = k.workspace_id AND v.visitor_id = k.visitor_id) AS threads,
      (SELECT coalesce(json_agg(json_build_object('workspace_id', e.workspace_id, 'visitor_id', e.visitor_id, 'sender', e.sender,
          'client_message_id', e.client_message_id, 'event', ${EVENT})), '[]')
        FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS k (workspace_id, visitor_id, sender, client_message_id)
        JOIN event e ON e.workspace_id = k.workspace_id AND e.visitor_id = k.visitor_id AND e.sender = k.sender
          AND e.client_message_id = k.client_message_id AND e.client_message_id IS NOT NULL) AS known`,
}

/**
 * Writes a batch: visitors, heads and events, each list as JSON, in one round trip. A visitor that another node made in the
 * meantime is a unique violation here, on purpose: the whole batch is then decided again. Heads that are no longer current
 * come first, so that the index of current ones never sees two.
 */
export const WRITE: Statement<[visitors: string, heads: string, events: string], never> = {
  name: 'write_threads',
  text: `
    WITH visitors AS MATERIALIZED (
      SELECT * FROM json_to_recordset($1::json) AS x (is_new boolean, workspace_id text, visitor_id text, name text, seq int,
        internal_seq int, last_timestamp bigint, conversation_id text)
    ), created AS (
      INSERT INTO visitor (workspace_id, visitor_id, name, seq, internal_seq, last_timestamp, conversation_id)
      SELECT workspace_id, visitor_id, name, seq, internal_seq, last_timestamp, conversation_id
      FROM visitors WHERE is_new ORDER BY workspace_id, visitor_id
    ), updated AS (
      UPDATE visitor v SET name = x.name, seq = x.seq, internal_seq = x.internal_seq, last_timestamp = x.last_timestamp,
        conversation_id = x.conversation_id
      FROM visitors x WHERE NOT x.is_new AND v.workspace_id = x.workspace_id AND v.visitor_id = x.visitor_id
    ), heads AS (
      INSERT INTO conversation AS c (workspace_id, id, visitor_id, status, is_current, agents, assignee_id, assignee_name,
        last_text, last_from, last_at, opened_at, closed_at, updated_at, read_by_agents, read_by_visitor, unread)
      SELECT workspace_id, id, visitor_id, status, is_current, agents, assignee_id, assignee_name,
        last_text, last_from, last_at, opened_at, closed_at, updated_at, read_by_agents, read_by_visitor, unread
      FROM json_to_recordset($2::json) AS x (workspace_id text, id text, visitor_id text, status text, is_current boolean,
        agents jsonb, assignee_id text, assignee_name text, last_text text, last_from text, last_at bigint, opened_at bigint,
        closed_at bigint, updated_at bigint, read_by_agents int, read_by_visitor int, unread int)
      ORDER BY is_current
      ON CONFLICT (workspace_id, id) DO UPDATE SET status = excluded.status, is_current = excluded.is_current,
        agents = excluded.agents, assignee_id = excluded.assignee_id, assignee_name = excluded.assignee_name,
        last_text = excluded.last_text, last_from = excluded.last_from, last_at = excluded.last_at,
        opened_at = excluded.opened_at, closed_at = excluded.closed_at, updated_at = excluded.updated_at,
        read_by_agents = excluded.read_by_agents, read_by_visitor = excluded.read_by_visitor, unread = excluded.unread
    )
    INSERT INTO event (workspace_id, visitor_id, stream, seq, id, name, conversation_id, timestamp, actor, data, sender, client_message_id)
    SELECT workspace_id, visitor_id, stream, seq, id, name, conversation_id, timestamp, actor, data, sender, client_message_id
    FROM json_to_recordset($3::json) AS x (workspace_id text, visitor_id text, stream text, seq int, id text, name text,
      conversation_id text, timestamp bigint, actor jsonb, data jsonb, sender text, client_message_id text)`,
}

const page = <P extends unknown[], E = StoredEvent>(name: string, events: string): Statement<P, PageRow<E>> => ({
  name,
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS id)
    SELECT head.thread, page.events
    FROM scope
    CROSS JOIN LATERAL (
      SELECT ${THREAD} AS thread FROM ${VISITOR_AND_HEAD} WHERE v.workspace_id = scope.id AND v.visitor_id = $2 OFFSET 0
    ) head
    CROSS JOIN LATERAL (
      SELECT coalesce(json_agg(${EVENT} ORDER BY e.timestamp), '[]') AS events FROM (${events}) e OFFSET 0
    ) page`,
})

const of = (condition: string) =>
  `SELECT * FROM event WHERE workspace_id = scope.id AND visitor_id = $2 AND ${condition}`

/** Who and how many, first of every page's parameters. */
type Of = [workspaceId: string, visitorId: string, limit: number]

/** The oldest public events after a number: a walk along the primary key. */
export const AFTER_PUBLIC = page<[...Of, after: number, since: number]>(
  'thread_after_public',
  of(`stream = 'public' AND seq > $4 AND timestamp >= $5 ORDER BY seq LIMIT $3`),
)

/** The oldest events of both streams after a number of each: the first of both walks, then the first of those. */
export const AFTER_BOTH = page<[...Of, after: number, since: number, internalAfter: number]>(
  'thread_after_both',
  `SELECT * FROM (
    (${of(`stream = 'public' AND seq > $4 AND timestamp >= $5 ORDER BY seq LIMIT $3`)})
    UNION ALL (${of(`stream = 'internal' AND seq > $6 AND timestamp >= $5 ORDER BY seq LIMIT $3`)})
  ) merged ORDER BY timestamp LIMIT $3`,
)

/** The newest public events of a range of time: back along the index of timestamps. */
export const NEWEST_PUBLIC = page<[...Of, before: number, since: number]>(
  'thread_newest_public',
  of(`stream = 'public' AND timestamp < $4 AND timestamp >= $5 ORDER BY timestamp DESC LIMIT $3`),
)

/** The newest events of both streams of a range of time; timestamps rise over both, so one index serves the merge. */
export const NEWEST_BOTH = page<[...Of, before: number, since: number]>(
  'thread_newest_both',
  of(`timestamp < $4 AND timestamp >= $5 ORDER BY timestamp DESC LIMIT $3`),
)

/** A poll with a cursor: the oldest messages after it, from the partial index of messages. */
export const MESSAGES_AFTER = page<[...Of, after: number, since: number], StoredEvent & { name: 'message.sent' }>(
  'messages_after',
  of(`name = 'message.sent' AND timestamp > $4 AND timestamp >= $5 ORDER BY timestamp LIMIT $3`),
)

/** A poll without a cursor: the newest messages. */
export const MESSAGES_NEWEST = page<[...Of, since: number], StoredEvent & { name: 'message.sent' }>(
  'messages_newest',
  of(`name = 'message.sent' AND timestamp >= $4 ORDER BY timestamp DESC LIMIT $3`),
)

type ListOf = [workspaceId: string, status: string, limit: number, beforeUpdatedAt: number, beforeId: string]

const list = <P extends unknown[]>(
  name: string,
  condition: string,
): Statement<P, { conversation: AgentsConversation }> => ({
  name,
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS id)
    SELECT rows.conversation
    FROM scope
    CROSS JOIN LATERAL (
      SELECT ${HEAD} AS conversation, c.updated_at, c.id
      FROM conversation c JOIN visitor v ON v.workspace_id = c.workspace_id AND v.visitor_id = c.visitor_id
      WHERE c.workspace_id = scope.id AND c.is_current AND c.status = $2 AND ${condition}
        AND (c.updated_at, c.id) < ($4::bigint, $5::text)
      ORDER BY c.updated_at DESC, c.id DESC LIMIT $3
    ) rows
    ORDER BY rows.updated_at DESC, rows.id DESC`,
})

/** A page of the inbox; the keyset condition starts in the middle of the index. */
export const LIST = list<ListOf>('list', 'true')

/** A page of what nobody has. */
export const LIST_UNASSIGNED = list<ListOf>('list_unassigned', 'c.assignee_id IS NULL')

/** A page of what one agent has. */
export const LIST_ASSIGNED = list<[...ListOf, assigneeId: string]>('list_assigned', 'c.assignee_id = $6')

/** Raises a mark under the visitor's lock, which LOCK_WAITING took before: a change that runs beside cannot lower it again. */
export const RAISE_READ: Statement<
  [workspaceId: string, visitorId: string, readByAgents: number, readByVisitor: number, unread: number],
  never
> = {
  name: 'raise_read',
  text: `
    UPDATE conversation SET read_by_agents = $3, read_by_visitor = $4, unread = $5
    WHERE workspace_id = $1 AND visitor_id = $2 AND is_current`,
}
