/**
 * The SQL that writes a batch. Each statement takes its rows as one array a column: Postgres reads those in a quarter of the time
 * that it spends on JSON.
 */
import type { AgentsConversation, StoredEvent, WorkspaceId } from '@dosti/contracts'
import type { Change, Thread } from '@dosti/conversations'
import { VERSION, type Version } from './conversation-statements.ts'
import { call, rowsFrom, type Call, type Statement } from './statement.ts'

type Cell = string | number | boolean | null

/** A column of a row: its name, its type in Postgres, and its value. */
type Column<Row> = readonly [name: string, type: string, of: (row: Row) => Cell]
type Columns<Row> = readonly Column<Row>[]

const names = <Row>(columns: Columns<Row>): string => columns.map(([name]) => name).join(', ')
const assignments = <Row>(columns: Columns<Row>): string => columns.map(([name]) => `${name} = x.${name}`).join(', ')
/** The rows as the statement has them, `x`; their first parameter is `$first`. */
const rows = <Row>(columns: Columns<Row>, first = 1): string => `${rowsFrom(Object.fromEntries(columns), { first })} x`
/** The rows as its parameters. */
const cells = <Row>(columns: Columns<Row>, of: readonly Row[]): Cell[][] => columns.map(([, , cell]) => of.map(cell))

/** A visitor after a change, with the counters of both streams and the current conversation. */
export interface VisitorRow {
  workspaceId: WorkspaceId
  thread: Thread
}

/** A column of the current conversation, and what it holds where there is none. */
const ofHead = (
  name: string,
  type: string,
  valueOf: (head: AgentsConversation) => Cell,
  none: Cell = null,
): Column<VisitorRow> => [
  name,
  type,
  ({ thread: { conversation } }) => (conversation === null ? none : valueOf(conversation)),
]

/** Agents as JSON. Lists of them are never changed, and the same one is asked for with every message. */
const texts = new WeakMap<AgentsConversation['agents'], string>()
function textOf(agents: AgentsConversation['agents']): string {
  const known = texts.get(agents)
  if (known !== undefined) return known
  const text = JSON.stringify(agents)
  texts.set(agents, text)
  return text
}

/** Indexes hold this step alone, so that a message leaves them as they are; within a step lists are sorted. */
const LISTED_IN_STEPS_OF_MS = 10_000

const KEY: Columns<VisitorRow> = [
  ['workspace_id', 'text', ({ workspaceId }) => workspaceId],
  ['visitor_id', 'text', ({ thread }) => thread.visitorId],
]

/** What a message changes. */
const LIVELY: Columns<VisitorRow> = [
  ['seq', 'int', ({ thread }) => thread.seq],
  ['internal_seq', 'int', ({ thread }) => thread.internalSeq],
  ['last_timestamp', 'bigint', ({ thread }) => thread.lastTimestamp],
  ofHead('last_text', 'text', ({ lastMessage }) => lastMessage?.text ?? null),
  ofHead('last_from', 'text', ({ lastMessage }) => lastMessage?.from ?? null),
  ofHead('last_at', 'bigint', ({ lastMessage }) => lastMessage?.timestamp ?? null),
  ofHead('updated_at', 'bigint', ({ updatedAt }) => updatedAt),
  ofHead('listed_at', 'bigint', ({ updatedAt }) => updatedAt - (updatedAt % LISTED_IN_STEPS_OF_MS)),
  ofHead('read_by_agents', 'int', ({ readByAgents }) => readByAgents, 0),
  ofHead('read_by_visitor', 'int', ({ readByVisitor }) => readByVisitor, 0),
  ofHead('unread', 'int', ({ unread }) => unread, 0),
]

/** What stays as it is while a conversation goes on. */
const STEADY: Columns<VisitorRow> = [
  ['name', 'text', ({ thread }) => thread.visitorName],
  ofHead('conversation_id', 'text', ({ id }) => id),
  ofHead('status', 'text', ({ status }) => status),
  ofHead('agents', 'jsonb', ({ agents }) => textOf(agents), '[]'),
  ofHead('assignee_id', 'text', ({ assignee }) => assignee?.id ?? null),
  ofHead('assignee_name', 'text', ({ assignee }) => assignee?.name ?? null),
  ofHead('opened_at', 'bigint', ({ openedAt }) => openedAt),
  ofHead('closed_at', 'bigint', ({ closedAt }) => closedAt),
]

const VISITOR = [...KEY, ...LIVELY, ...STEADY]

/** New visitors. One that another node made in the meantime is a unique violation, on purpose: the batch is then decided again. */
const CREATE_VISITORS: Statement<Cell[][], never> = {
  name: 'create_visitors',
  text: `INSERT INTO visitor (${names(VISITOR)}) SELECT ${names(VISITOR)} FROM ${rows(VISITOR)}`,
}

/** Visitors whose rows are locked. */
export const UPDATE_VISITORS: Statement<Cell[][], never> = {
  name: 'update_visitors',
  text: `UPDATE visitor t SET ${assignments([...LIVELY, ...STEADY])}
    FROM ${rows(VISITOR)} WHERE t.workspace_id = x.workspace_id AND t.visitor_id = x.visitor_id`,
}

/** An event to append, and what makes it the same message when it is sent again. */
export interface Appended {
  workspaceId: WorkspaceId
  event: StoredEvent
  once: Pick<NonNullable<Change['once']>, 'sender' | 'clientMessageId'> | undefined
}

const EVENT: Columns<Appended> = [
  ['workspace_id', 'text', ({ workspaceId }) => workspaceId],
  ['visitor_id', 'text', ({ event }) => event.visitorId],
  ['stream', 'text', ({ event }) => event.stream],
  ['seq', 'int', ({ event }) => event.seq],
  ['id', 'text', ({ event }) => event.id],
  ['name', 'text', ({ event }) => event.name],
  ['conversation_id', 'text', ({ event }) => event.conversationId],
  ['timestamp', 'bigint', ({ event }) => event.timestamp],
  ['actor', 'jsonb', ({ event }) => JSON.stringify(event.actor)],
  ['data', 'jsonb', ({ event }) => JSON.stringify(event.data)],
  ['sender', 'text', ({ once }) => once?.sender ?? null],
  ['client_message_id', 'text', ({ once }) => once?.clientMessageId ?? null],
]

/** Adds to the log. A number or a client message id that is taken is a unique violation. */
const APPEND_EVENTS: Statement<Cell[][], never> = {
  name: 'append_events',
  text: `INSERT INTO event (${names(EVENT)}) SELECT ${names(EVENT)} FROM ${rows(EVENT)}`,
}

/** All that a batch writes. */
export interface Rows {
  createdVisitors: VisitorRow[]
  changedVisitors: VisitorRow[]
  events: Appended[]
}

/** The statements for what there is to write, where visitors that are there are locked. */
export function writes({ createdVisitors, changedVisitors, events }: Rows): Call<never>[] {
  return [
    ...(createdVisitors.length === 0 ? [] : [call(CREATE_VISITORS, cells(VISITOR, createdVisitors))]),
    ...(changedVisitors.length === 0 ? [] : [call(UPDATE_VISITORS, cells(VISITOR, changedVisitors))]),
    ...(events.length === 0 ? [] : [call(APPEND_EVENTS, cells(EVENT, events))]),
  ]
}

/** A thread as it is known, and what becomes of it. */
export interface KnownRow extends VisitorRow {
  before: Thread
  /** `xmin` of the row that is known. */
  version: string
}

const KNOWN: Columns<KnownRow> = [...KEY, ['version', 'xid', ({ version }) => version], ...LIVELY]

/**
 * A whole transaction: locks the visitors of threads that are known, without waiting, and writes if every row is the version that
 * is known; otherwise nothing. Nothing is looked up twice: the rows that are changed are found by the place on the disk where they
 * were locked. The scope of row-level security is set before a table is looked at, because all else needs what comes of it.
 */
export const APPEND_USUAL: Statement<
  [scope: string, ...Cell[][]],
  Version & { /** All were locked and as they are known. */ held: boolean }
> = {
  name: 'append_usual',
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS ids),
    locked AS MATERIALIZED (
      SELECT x.*, v.tid
      FROM scope
      CROSS JOIN ${rows(KNOWN, 2)}
      CROSS JOIN LATERAL (
        SELECT ctid AS tid FROM visitor
        WHERE scope.ids IS NOT NULL AND workspace_id = x.workspace_id AND visitor_id = x.visitor_id AND xmin = x.version
        OFFSET 0 FOR NO KEY UPDATE SKIP LOCKED
      ) v
    ),
    found AS MATERIALIZED (SELECT count(*) = cardinality($2::text[]) AS held FROM locked),
    changed AS (
      UPDATE visitor t SET ${assignments(LIVELY)}
      FROM found CROSS JOIN locked x WHERE held AND t.ctid = x.tid
    ),
    appended AS (
      INSERT INTO event (${names(EVENT)}) SELECT ${names(EVENT)}
      FROM found CROSS JOIN ${rows(EVENT, 2 + KNOWN.length)} WHERE held
    )
    SELECT held, ${VERSION} FROM found`,
}

/** Writes what is usual: rows of which only what is lively changed, and their events. */
export function appendUsual(scope: string, known: readonly KnownRow[], events: readonly Appended[]) {
  return call(APPEND_USUAL, [scope, ...cells(KNOWN, known), ...cells(EVENT, events)])
}

/** Whether `appendUsual` writes all that changed. */
export function isUsual(row: KnownRow): boolean {
  const before: VisitorRow = { workspaceId: row.workspaceId, thread: row.before }
  return STEADY.every(([, , cell]) => cell(row) === cell(before))
}
