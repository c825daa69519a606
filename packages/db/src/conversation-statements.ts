/**
 * The SQL of the message path, all of it prepared. Reads are one round trip each: the first thing such a statement does is to
 * set the scope of row-level security, for itself alone, and the rest hangs on that row by LATERAL, so that no plan can look
 * at a table before. `OFFSET 0` keeps the planner from pulling a sub-select out of that order.
 */
import type {
  AgentId,
  AgentRef,
  AgentsConversation,
  ConversationId,
  EventData,
  Party,
  StoredEvent,
} from '@dosti/contracts'
import type { Thread } from '@dosti/conversations'
import { rowsFrom, type Statement, type Value } from './statement.ts'

/** What a page reads: the head and the events from one snapshot. */
export interface PageRow {
  thread: Thread
  events: StoredEvent[]
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

/** A locked visitor: its counters as of the lock, whoever wrote them last. */
export interface LockedRow {
  /** The place in the arrays that were asked for, from 1. */
  place: number
  name: string | null
  bound: boolean
  seq: number
  internal_seq: number
  last_timestamp: number
}

/** The version of what a transaction writes, and Postgres' clock in milliseconds since 1970. */
export interface Version {
  version: string
  now: number
}

const NOW = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now'
const VERSION = `pg_current_xact_id()::xid::text AS version, ${NOW}`

/** What names the threads of a batch, one array a column. */
export const THREADS = { workspace_id: 'text', visitor_id: 'text' }

type LockOf = [scope: string, workspaceIds: string[], visitorIds: string[]]

// The rows are locked in the order in which they are asked for.
const lock = (name: string, mode: string): Statement<LockOf, LockedRow> => ({
  name,
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS ids)
    SELECT k.place, v.name, v.bound, v.seq, v.internal_seq, v.last_timestamp
    FROM scope
    CROSS JOIN ${rowsFrom(THREADS, { first: 2, withPlace: true })} k
    CROSS JOIN LATERAL (
      SELECT * FROM visitor
      WHERE scope.ids IS NOT NULL AND workspace_id = k.workspace_id AND visitor_id = k.visitor_id
      OFFSET 0 FOR UPDATE ${mode}
    ) v`,
})

/** Sets the scope of the transaction and locks those visitors of a batch that nobody else holds. One index look-up each. */
export const LOCK_FREE = lock('lock_free', 'SKIP LOCKED')

/** Sets the scope and locks visitors, waiting for whoever holds them, as long as lock_timeout allows. */
export const LOCK_WAITING = lock('lock_waiting', '')

/**
 * Locks the visitors of threads that are known, without waiting, and sets the scope of the transaction if every row is the version
 * that is known. If not, nothing behind it in the transaction sees or writes anything.
 */
export const LOCK_KNOWN: Statement<
  [...LockOf, versions: string[]],
  Version & { /** All are locked and as they are known. */ held: boolean }
> = {
  name: 'lock_known',
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS ids),
    locked AS MATERIALIZED (
      SELECT v.visitor_id
      FROM scope
      CROSS JOIN ${rowsFrom({ ...THREADS, version: 'xid' }, { first: 2 })} k
      CROSS JOIN LATERAL (
        SELECT visitor_id FROM visitor
        WHERE scope.ids IS NOT NULL AND workspace_id = k.workspace_id AND visitor_id = k.visitor_id AND xmin = k.version
        OFFSET 0 FOR UPDATE SKIP LOCKED
      ) v
    ),
    found AS MATERIALIZED (SELECT count(*) = cardinality($2::text[]) AS held FROM locked)
    SELECT held, set_config('dosti.scope', CASE WHEN held THEN $1 ELSE '' END, true) AS scope, ${VERSION} FROM found`,
}

/** What `xmin` will be of every row that this transaction writes, with the one clock. */
export const READ_VERSION: Statement<[], Version> = { name: 'read_version', text: `SELECT ${VERSION}` }

/** The current conversation of a visitor; null where there is none. */
export interface HeadRow {
  place: number
  /** There is such a visitor. */
  known: boolean
  /** The one clock, in milliseconds since 1970; asked after the locks, so that time does not run backwards in a stream. */
  now: number
  id: ConversationId | null
  status: AgentsConversation['status']
  agents: AgentRef[]
  assignee_id: AgentId | null
  assignee_name: string | null
  last_text: string | null
  last_from: 'visitor' | 'agent' | null
  last_at: number | null
  opened_at: number
  closed_at: number | null
  updated_at: number
  read_by_agents: number
  read_by_visitor: number
  unread: number
}

/**
 * The heads of a batch, one row for each of its visitors. A statement of its own after the locks: its snapshot is newer than they
 * are, while the locking statement itself would join the new visitor to an old head. Columns, not JSON: Postgres spends half as
 * long on them.
 */
export const READ_HEADS: Statement<[workspaceIds: string[], visitorIds: string[]], HeadRow> = {
  name: 'read_heads',
  text: `
    SELECT k.place, v.visitor_id IS NOT NULL AS known, ${NOW},
      c.id, c.status, c.agents, c.assignee_id, c.assignee_name, c.last_text, c.last_from, c.last_at, c.opened_at,
      c.closed_at, c.updated_at, c.read_by_agents, c.read_by_visitor, c.unread
    FROM ${rowsFrom(THREADS, { withPlace: true })} k
    LEFT JOIN visitor v ON v.workspace_id = k.workspace_id AND v.visitor_id = k.visitor_id
    LEFT JOIN conversation c ON c.workspace_id = v.workspace_id AND c.id = v.conversation_id`,
}

/** Of the client message ids of a batch, those whose event is stored already; rows carry the place in the arrays, from 1. */
export const READ_KNOWN: Statement<
  [workspaceIds: string[], visitorIds: string[], senders: string[], clientMessageIds: string[]],
  { place: number; event: StoredEvent }
> = {
  name: 'read_known',
  text: `
    SELECT k.place, ${EVENT} AS event
    FROM ${rowsFrom({ ...THREADS, sender: 'text', client_message_id: 'text' }, { withPlace: true })} k
    JOIN event e ON e.workspace_id = k.workspace_id AND e.visitor_id = k.visitor_id AND e.sender = k.sender
      AND e.client_message_id = k.client_message_id AND e.client_message_id IS NOT NULL`,
}

const page = <P extends Value[]>(name: string, events: string): Statement<P, PageRow> => ({
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

/** A message of a visitor who exists; all null but the visitor's own column if there is none. */
export interface MessageRow {
  /** The newest timestamp of the visitor's streams. */
  last_timestamp: number
  seq: number | null
  id: StoredEvent['id']
  conversation_id: ConversationId
  timestamp: number
  actor: Party
  data: EventData<'message.sent'>
}

// Columns, not JSON: a poll with twenty messages would spend most of its time on building it.
const messages = <P extends Value[]>(name: string, condition: string): Statement<P, MessageRow> => ({
  name,
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS id)
    SELECT v.last_timestamp, e.seq, e.id, e.conversation_id, e.timestamp, e.actor, e.data
    FROM scope
    CROSS JOIN LATERAL (SELECT last_timestamp FROM visitor WHERE workspace_id = scope.id AND visitor_id = $2 OFFSET 0) v
    LEFT JOIN LATERAL (
      SELECT seq, id, conversation_id, timestamp, actor, data FROM event
      WHERE workspace_id = scope.id AND visitor_id = $2 AND name = 'message.sent' AND ${condition} LIMIT $3
    ) e ON true
    ORDER BY e.timestamp`,
})

/** A poll with a cursor: the oldest messages after it, along the index of timestamps; what is no message is passed over. */
export const MESSAGES_AFTER = messages<[...Of, after: number, since: number]>(
  'messages_after',
  'timestamp > $4 AND timestamp >= $5 ORDER BY timestamp',
)

/** A poll without a cursor: the newest messages. */
export const MESSAGES_NEWEST = messages<[...Of, since: number]>(
  'messages_newest',
  'timestamp >= $4 ORDER BY timestamp DESC',
)

type ListOf = [workspaceId: string, status: string, limit: number, beforeUpdatedAt: number, beforeId: string]

const list = <P extends Value[]>(
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
      FROM (
        SELECT * FROM (
          SELECT * FROM conversation c
          WHERE c.workspace_id = scope.id AND c.is_current AND c.status = $2 AND ${condition}
            AND c.listed_at <= $4::bigint AND (c.updated_at, c.id) < ($4::bigint, $5::text)
          ORDER BY c.listed_at DESC FETCH FIRST ($3::int) ROWS WITH TIES
        ) near
        ORDER BY updated_at DESC, id DESC LIMIT $3
      ) c
      JOIN visitor v ON v.workspace_id = c.workspace_id AND v.visitor_id = c.visitor_id
    ) rows
    ORDER BY rows.updated_at DESC, rows.id DESC`,
})

/** A page of the inbox; the keyset condition starts in the middle of the index, which knows the time in steps of ten seconds. */
export const LIST = list<ListOf>('list', 'true')

/** A page of what nobody has. */
export const LIST_UNASSIGNED = list<ListOf>('list_unassigned', 'c.assignee_id IS NULL')

/** A page of what one agent has. */
export const LIST_ASSIGNED = list<[...ListOf, assigneeId: string]>('list_assigned', 'c.assignee_id = $6')

/**
 * Raises a mark under the visitor's lock, which LOCK_WAITING took before: a change that runs beside cannot lower it again. The
 * visitor's row gets a new version, since whoever knows the thread knows its marks.
 */
export const RAISE_READ: Statement<
  [
    workspaceId: string,
    conversationId: string,
    readByAgents: number,
    readByVisitor: number,
    unread: number,
    visitorId: string,
  ],
  never
> = {
  name: 'raise_read',
  text: `
    WITH touched AS (UPDATE visitor SET last_timestamp = last_timestamp WHERE workspace_id = $1 AND visitor_id = $6)
    UPDATE conversation SET read_by_agents = $3, read_by_visitor = $4, unread = $5
    WHERE workspace_id = $1 AND id = $2`,
}
