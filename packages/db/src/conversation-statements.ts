/**
 * The SQL of the message path, all of it prepared. Reads are one round trip each, but for a poll that is far behind or brings more
 * than a few messages: the first thing such a statement does is to set the scope of row-level security, for itself alone, and the
 * rest hangs on that row by LATERAL, so that no plan can look at a table before. `OFFSET 0` keeps the planner from pulling a
 * sub-select out of that order, and from reading a whole table to hash it.
 */
import {
  PAGE_BYTES_MAX,
  type AgentId,
  type AgentRef,
  type AgentsConversation,
  type ConversationId,
  type EventData,
  type Party,
  type StoredEvent,
} from '@dosti/contracts'
import type { Thread } from '@dosti/conversations'
import { rowsFrom, type Statement, type Value } from './statement.ts'

/** What a page reads: the head and the events from one snapshot. */
export interface PageRow {
  thread: Thread
  events: StoredEvent[]
  /** How many events there were, before those that take too much. */
  found: number
}

// A head, from its visitor v, as the wire's agents' view.
const HEAD = `json_build_object(
  'id', v.conversation_id, 'visitorId', v.visitor_id, 'visitorName', v.name, 'status', v.status, 'agents', v.agents,
  'lastMessage', CASE WHEN v.last_at IS NOT NULL
    THEN json_build_object('text', v.last_text, 'from', v.last_from, 'timestamp', v.last_at) END,
  'openedAt', v.opened_at, 'closedAt', v.closed_at, 'updatedAt', v.updated_at, 'seq', v.seq,
  'readByAgents', v.read_by_agents, 'readByVisitor', v.read_by_visitor,
  'assignee', CASE WHEN v.assignee_id IS NOT NULL THEN json_build_object('id', v.assignee_id, 'name', v.assignee_name) END,
  'unread', v.unread, 'internalSeq', v.internal_seq, 'bound', v.bound)`

const THREAD = `json_build_object(
  'visitorId', v.visitor_id, 'visitorName', v.name, 'bound', v.bound, 'seq', v.seq, 'internalSeq', v.internal_seq,
  'lastTimestamp', v.last_timestamp, 'conversation', CASE WHEN v.conversation_id IS NOT NULL THEN ${HEAD} END)`

/** An event e as the wire has it. */
export const EVENT = `json_build_object(
  'id', e.id, 'name', e.name, 'stream', e.stream, 'seq', e.seq, 'timestamp', e.timestamp, 'visitorId', e.visitor_id,
  'conversationId', e.conversation_id, 'actor', e.actor, 'data', e.data)`

/** A visitor that was asked for; without `held`, all of the thread is null. */
export interface LockedRow {
  /** The place in the arrays that were asked for, from 1. */
  place: number
  /** There is such a visitor. */
  known: boolean
  /** It is locked, and as of the lock, whoever wrote it last. */
  held: boolean
  /** The one clock, in milliseconds since 1970; asked after the lock, so that time does not run backwards in a stream. */
  now: number
  name: string | null
  bound: boolean
  seq: number
  internal_seq: number
  last_timestamp: number
  /** The current conversation, null where there is none; then the rest of it says nothing. */
  conversation_id: ConversationId | null
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

/** The version of what a transaction writes, and Postgres' clock in milliseconds since 1970. */
export interface Version {
  version: string
  now: number
}

/** The clock that gives events their timestamps, and ends sessions and tickets, in milliseconds. */
export const CLOCK = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint'
export const NOW = `${CLOCK} AS now`
/** A `Version` in a SELECT list. */
export const VERSION = `pg_current_xact_id()::xid::text AS version, ${NOW}`

/** What names the threads of a batch, one array a column. */
export const THREADS = { workspace_id: 'text', visitor_id: 'text' }

type LockOf = [scope: string, workspaceIds: string[], visitorIds: string[]]

// The rows are locked in the order in which they are asked for. No key of theirs will change, so alerts and tokens may refer to
// them meanwhile. Columns, not JSON: Postgres spends half as long on them.
const lock = (name: string, mode: string): Statement<LockOf, LockedRow> => ({
  name,
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS ids)
    SELECT k.place, v.visitor_id IS NOT NULL AS held, ${NOW},
      v.visitor_id IS NOT NULL OR EXISTS (
        SELECT FROM visitor o WHERE o.workspace_id = k.workspace_id AND o.visitor_id = k.visitor_id OFFSET 0) AS known,
      v.name, v.bound, v.seq, v.internal_seq, v.last_timestamp, v.conversation_id, v.status, v.agents, v.assignee_id,
      v.assignee_name, v.last_text, v.last_from, v.last_at, v.opened_at, v.closed_at, v.updated_at, v.read_by_agents,
      v.read_by_visitor, v.unread
    FROM scope
    CROSS JOIN ${rowsFrom(THREADS, { first: 2, withPlace: true })} k
    LEFT JOIN LATERAL (
      SELECT * FROM visitor
      WHERE scope.ids IS NOT NULL AND workspace_id = k.workspace_id AND visitor_id = k.visitor_id
      OFFSET 0 FOR NO KEY UPDATE ${mode}
    ) v ON true`,
})

/** Sets the scope of the transaction and locks those visitors of a batch that nobody else holds. One index look-up each. */
export const LOCK_FREE = lock('lock_free', 'SKIP LOCKED')

/** Sets the scope and locks visitors, waiting for whoever holds them, as long as lock_timeout allows. */
export const LOCK_WAITING = lock('lock_waiting', '')

/** What `xmin` will be of every row that this transaction writes, with the one clock. */
export const READ_VERSION: Statement<[], Version> = { name: 'read_version', text: `SELECT ${VERSION}` }

/** Of the client message ids of a batch, those whose event is stored already; rows carry the place in the arrays, from 1. */
export const READ_SENT: Statement<
  [workspaceIds: string[], visitorIds: string[], senders: string[], clientMessageIds: string[]],
  { place: number; event: StoredEvent }
> = {
  name: 'read_sent',
  text: `
    SELECT k.place, ${EVENT} AS event
    FROM ${rowsFrom({ ...THREADS, sender: 'text', client_message_id: 'text' }, { withPlace: true })} k
    JOIN event e ON e.workspace_id = k.workspace_id AND e.visitor_id = k.visitor_id AND e.sender = k.sender
      AND e.client_message_id = k.client_message_id AND e.client_message_id IS NOT NULL`,
}

/**
 * Of some rows \`e\`, as many from the first in an order as take so many bytes, of which \`size\` is those of one; the first always.
 * \`found\` is how many there were. Five hundred long messages are ten megabytes, and who may ask for them may ask often.
 */
const within = (rows: string, { order, size }: { order: string; size: string }) => `
  SELECT * FROM (
    SELECT e.*, count(*) OVER () AS found,
      sum(${size}) OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
    FROM (${rows}) e
  ) sized WHERE bytes_before IS NULL OR bytes_before < ${PAGE_BYTES_MAX}`

const page = <P extends Value[]>(name: string, order: 'ASC' | 'DESC', events: string): Statement<P, PageRow> => ({
  name,
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS id)
    SELECT v.thread, page.events, page.found
    FROM scope
    CROSS JOIN LATERAL (
      SELECT ${THREAD} AS thread, v.seq, v.internal_seq FROM visitor v
      WHERE v.workspace_id = scope.id AND v.visitor_id = $2 OFFSET 0
    ) v
    CROSS JOIN LATERAL (
      SELECT coalesce(json_agg(e.event ORDER BY e.timestamp), '[]') AS events, coalesce(max(e.found), 0) AS found
      FROM (${within(`SELECT ${EVENT} AS event, e.timestamp FROM (${events}) e`, {
        order: `e.timestamp ${order}`,
        size: 'octet_length(e.event::text)',
      })}) e OFFSET 0
    ) page`,
})

type Stream = 'public' | 'internal'

const LAST = { public: 'v.seq', internal: 'v.internal_seq' }

const of = (stream: Stream, condition: string) =>
  `SELECT * FROM event WHERE workspace_id = scope.id AND visitor_id = $2 AND stream = '${stream}' AND ${condition}`

/** The first of both streams, of the first of each. */
const merged = (order: 'ASC' | 'DESC', select: (stream: Stream) => string) => `SELECT * FROM (
  (${select('public')}) UNION ALL (${select('internal')})
) streams ORDER BY timestamp ${order} LIMIT $3`

/**
 * The last number of a stream that is not later than a time, 0 if none is. By halving the numbers, which rise with the times: one
 * look-up along the primary key each.
 */
const lastUpTo = (stream: Stream, time: string) => `(
  WITH RECURSIVE half (low, high) AS (
    SELECT 0, ${LAST[stream]}
    UNION ALL
    SELECT CASE WHEN e.is_later THEN low ELSE middle END, CASE WHEN e.is_later THEN middle - 1 ELSE high END
    FROM (SELECT low, high, (low + high + 1) / 2 AS middle FROM half WHERE low < high) h
    CROSS JOIN LATERAL (SELECT coalesce(bool_or(timestamp > ${time}), false) AS is_later FROM (${of(stream, 'seq = middle')}) e) e
  )
  SELECT low FROM half WHERE low = high
)`

/** Who and how many, first of every page's parameters. */
type Of = [workspaceId: string, visitorId: string, limit: number]

const after = (stream: Stream, number: string) =>
  of(stream, `seq > ${number} AND timestamp >= $4 ORDER BY seq LIMIT $3`)

/** The oldest public events after a number: a walk along the primary key. */
export const AFTER_PUBLIC = page<[...Of, since: number, after: number]>(
  'thread_after_public',
  'ASC',
  after('public', '$5'),
)

/** The oldest events of both streams after a number of each. */
export const AFTER_BOTH = page<[...Of, since: number, after: number, internalAfter: number]>(
  'thread_after_both',
  'ASC',
  merged('ASC', (stream) => after(stream, stream === 'public' ? '$5' : '$6')),
)

// Times rise with the numbers: what is too old is cut from the end of a page instead of being looked for behind it.
const since = (events: string) => `SELECT * FROM (${events}) newest WHERE timestamp >= $4`

const newest = (stream: Stream, upTo = LAST[stream]) => of(stream, `seq <= ${upTo} ORDER BY seq DESC LIMIT $3`)

/** The newest public events: back along the primary key. */
export const NEWEST_PUBLIC = page<[...Of, since: number]>('thread_newest_public', 'DESC', since(newest('public')))

/** The newest events of both streams. */
export const NEWEST_BOTH = page<[...Of, since: number]>('thread_newest_both', 'DESC', since(merged('DESC', newest)))

const before = (stream: Stream) => newest(stream, lastUpTo(stream, '$5::bigint - 1'))

/** The newest public events before a time. */
export const BEFORE_PUBLIC = page<[...Of, since: number, before: number]>(
  'thread_before_public',
  'DESC',
  since(before('public')),
)

/** The newest events of both streams before a time. */
export const BEFORE_BOTH = page<[...Of, since: number, before: number]>(
  'thread_before_both',
  'DESC',
  since(merged('DESC', before)),
)

/** A message of a visitor who exists; all null but the visitor's own columns if there is none. */
export interface MessageRow {
  /** The newest timestamp of the visitor's streams. */
  last_timestamp: number
  /** The time that was asked for lies too far back, and no messages were read. */
  is_far: boolean
  /** Where there is no message: the timestamp of the event after which it looked, if there is one. */
  reached: number | null
  now: number
  seq: number | null
  id: StoredEvent['id']
  conversation_id: ConversationId
  timestamp: number
  actor: Party
  data: EventData<'message.sent'>
  /** How many messages there were, before those that take too much; null where that was not looked at. */
  found: number | null
}

// Columns, not JSON: a poll with twenty messages would spend most of its time on building it.
const messages = <P extends Value[]>(
  name: string,
  start: string,
  events: string,
  found = 'e.found',
): Statement<P, MessageRow> => ({
  name,
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS id)
    SELECT v.last_timestamp, start.seq IS NULL AS is_far, ${NOW},
      CASE WHEN e.seq IS NULL THEN (
        SELECT timestamp FROM event
        WHERE workspace_id = scope.id AND visitor_id = $2 AND stream = 'public' AND seq = start.seq
      ) END AS reached,
      e.seq, e.id, e.conversation_id, e.timestamp, e.actor, e.data, ${found} AS found
    FROM scope
    CROSS JOIN LATERAL (
      SELECT seq, last_timestamp FROM visitor WHERE workspace_id = scope.id AND visitor_id = $2 OFFSET 0
    ) v
    CROSS JOIN LATERAL (SELECT ${start} AS seq OFFSET 0) start
    LEFT JOIN LATERAL (${events}) e ON true
    ORDER BY e.seq`,
})

const MESSAGES = of('public', `name = 'message.sent'`)

const messagesWithin = (order: 'ASC' | 'DESC', events: string) =>
  within(events, { order: `e.seq ${order}`, size: 'octet_length(e.data::text)' })

const AFTER_START = `${MESSAGES} AND seq > start.seq ORDER BY seq LIMIT`

/** How many events a poll goes back for its cursor before it gives up. */
const NEAR = 64

/** So many messages, however long they are, fit into a page. */
export const FEW = 25

/**
 * A poll with a cursor: the oldest messages after a time near the end, at most one more than a few; what is no message is passed over.
 * What they take is not looked at: that costs Postgres a quarter more for twenty.
 */
export const MESSAGES_AFTER = messages<[...Of, time: number]>(
  'messages_after',
  `CASE WHEN $4::bigint <= 0 THEN 0 ELSE coalesce(
    (SELECT seq FROM (${of('public', `seq > v.seq - ${NEAR} AND timestamp <= $4 ORDER BY seq DESC LIMIT 1`)}) near),
    CASE WHEN v.seq <= ${NEAR} THEN 0 END) END`,
  `${AFTER_START} least($3, ${FEW + 1})`,
  'NULL::bigint',
)

/** The same after any time, and as many as there are. Twice as dear, which is why it is asked only if that gave up or found too many. */
export const MESSAGES_AFTER_FAR = messages<[...Of, time: number]>(
  'messages_after_far',
  lastUpTo('public', '$4::bigint'),
  messagesWithin('ASC', `${AFTER_START} $3`),
)

/** A poll without a cursor: the newest messages. */
export const MESSAGES_NEWEST = messages<[...Of, since: number]>(
  'messages_newest',
  '0',
  messagesWithin('DESC', since(`${MESSAGES} ORDER BY seq DESC LIMIT $3`)),
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
      SELECT ${HEAD} AS conversation, v.updated_at, v.conversation_id
      FROM (
        SELECT * FROM visitor
        WHERE workspace_id = scope.id AND status = $2 AND ${condition}
          AND listed_at <= $4::bigint AND (updated_at, conversation_id) < ($4::bigint, $5::text)
        ORDER BY listed_at DESC FETCH FIRST ($3::int) ROWS WITH TIES
      ) v
      ORDER BY v.updated_at DESC, v.conversation_id DESC LIMIT $3
    ) rows
    ORDER BY rows.updated_at DESC, rows.conversation_id DESC`,
})

/** A page of the inbox; the keyset condition starts in the middle of the index, which knows the time in steps of ten seconds. */
export const LIST = list<ListOf>('list', 'true')

/** A page of what nobody has. */
export const LIST_UNASSIGNED = list<ListOf>('list_unassigned', 'assignee_id IS NULL')

/** A page of what one agent has. */
export const LIST_ASSIGNED = list<[...ListOf, assigneeId: string]>('list_assigned', 'assignee_id = $6')

/** Raises a mark under the visitor's lock, which was taken before: a change that runs beside cannot lower it again. */
export const RAISE_READ: Statement<
  [workspaceId: string, visitorId: string, readByAgents: number, readByVisitor: number, unread: number],
  never
> = {
  name: 'raise_read',
  text: `
    UPDATE visitor SET read_by_agents = $3, read_by_visitor = $4, unread = $5
    WHERE workspace_id = $1 AND visitor_id = $2`,
}
