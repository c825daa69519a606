import { setTimeout as wait } from 'node:timers/promises'
import type { AlertId, StoredEvent, WorkspaceId } from '@dosti/contracts'
import type { AlertDraft, Attendance, Ids } from '@dosti/conversations'
import type pg from 'pg'
import { DEADLINE_MS, withConnection, withinDeadline } from './client.ts'
import type { Db } from './client.ts'
import { ADVANCE, ALERT_CURSOR, READ_LAG, READ_LOG, SET_LEADER, TRY_LEAD, type LogRow } from './log-statements.ts'
import { run } from './statement.ts'
import { translate } from './unavailable.ts'

/** A place in the log; everything before it has been dealt with. */
export interface LogPosition {
  /** The number of a transaction, as text since it has 64 bits. */
  xid: string
  logId: number
}

/** An event of any workspace, in the order of the log. */
export interface LogEntry {
  workspaceId: WorkspaceId
  event: StoredEvent
  position: LogPosition
  /** How the visitor's current conversation stands; of messages alone. */
  standing?: Standing
}

/** A new alert row, for a job of the same id. */
export interface AddedAlert {
  workspaceId: WorkspaceId
  alertId: AlertId
  /** How long until it is due, in milliseconds; negative if that is over. */
  dueInMs: number
}

/** What `alertsFor` needs to know of a visitor's current conversation. */
export interface Standing {
  attendance: Attendance
  /** The message numbers of its alerts that are neither sent nor cancelled. */
  dueSeqs: number[]
}

/** The log in the hands of its one leader; every call fails once the leadership is lost, so two can never write. */
export interface LedLog {
  /** The oldest events after the cursor that no running transaction can precede any more; empty if there are none. */
  readAfterCursor(limit: number): Promise<LogEntry[]>
  /** Adds alert rows and moves the cursor, both or neither; the rows that were new. */
  advance(to: LogPosition, alerts: readonly AlertDraft[]): Promise<AddedAlert[]>
}

/** Follows the log of events; one process of many at a time. */
export interface EventLog {
  /**
   * Waits for the leadership, runs `work` with it, and waits again when it was lost, until `signal` aborts. `work` gets a signal
   * of its own that also aborts when the connection breaks; it should end then. Errors of `work` go to `onError`.
   */
  lead(work: (log: LedLog, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>
  /** How long the oldest event that no leader has dealt with waits by now, in milliseconds; 0 if there is none. Anybody may ask. */
  lagMs(): Promise<number>
}

const TRY_EVERY_MS = 1000
/** How often the leader looks whether its session is still alive while it has nothing else to do. */
const BEAT_EVERY_MS = 1000

export function createEventLog(
  db: Pick<Db, 'pool' | 'breaker'>,
  { ids, onError = () => {} }: { ids: Ids; onError?: (error: unknown) => void },
): EventLog {
  return {
    async lead(work, signal) {
      while (!signal.aborted) {
        try {
          await leadOnce(db, ids, work, signal)
        } catch (error) {
          onError(translate(error))
        }
        await wait(TRY_EVERY_MS, undefined, { signal }).catch(() => {})
      }
    },
    async lagMs() {
      const [row] = await withConnection(db, (client) => run(client, READ_LAG, [ALERT_CURSOR]))
      return Math.max(0, row?.lag_ms ?? 0)
    },
  }
}

/** Takes part in one election: returns at once if another process leads. */
async function leadOnce(
  db: Pick<Db, 'pool' | 'breaker'>,
  ids: Ids,
  work: (log: LedLog, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const client = await db.pool.connect()
  const lost = new AbortController()
  const onBroken = () => lost.abort()
  client.on('error', onBroken)
  client.on('end', onBroken)
  const queue = createQueue()
  const inTurn: Queue = (ask) => queue(() => withinDeadline(ask(), DEADLINE_MS, onBroken))
  let beat: NodeJS.Timeout | undefined
  try {
    const [row] = await inTurn(() => run(client, TRY_LEAD, [ALERT_CURSOR]))
    if (row?.leads !== true) return
    await inTurn(() => run(client, SET_LEADER, []))
    beat = setInterval(() => void inTurn(() => client.query('SELECT 1')).catch(onBroken), BEAT_EVERY_MS)
    await work(ledLog(client, ids, inTurn), AbortSignal.any([signal, lost.signal]))
  } finally {
    clearInterval(beat)
    // Destroyed, not returned to the pool: the session holds the leadership.
    client.release(true)
  }
}

type Queue = <T>(work: () => Promise<T>) => Promise<T>

/** One piece of work after the other: no statement may slip into a transaction that is not its own. */
function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}

/** All on the session that holds the lock: when that is gone, so is the power to write. */
function ledLog(client: pg.PoolClient, ids: Ids, inTurn: Queue): LedLog {
  return {
    readAfterCursor: (limit) => inTurn(() => readAfterCursor(client, limit)),
    advance: (to, alerts) => inTurn(() => advance(client, ids, to, alerts)),
  }
}

async function readAfterCursor(client: pg.PoolClient, limit: number): Promise<LogEntry[]> {
  const rows = await run(client, READ_LOG, [ALERT_CURSOR, limit])
  return rows.map(({ workspace_id, xid, log_id, event, ...standing }) => ({
    workspaceId: workspace_id as WorkspaceId,
    event,
    position: { xid, logId: log_id },
    ...toStanding(standing),
  }))
}

type StandingRow = Pick<LogRow, 'conversation_id' | 'status' | 'read_by_agents' | 'attended' | 'due_seqs'>

function toStanding({
  conversation_id: id,
  status,
  read_by_agents: readByAgents,
  attended,
  due_seqs: dueSeqs,
}: StandingRow): {
  standing?: Standing
} {
  return id === null ? {} : { standing: { attendance: { head: { id, status, readByAgents }, attended }, dueSeqs } }
}

async function advance(
  client: pg.PoolClient,
  ids: Ids,
  to: LogPosition,
  alerts: readonly AlertDraft[],
): Promise<AddedAlert[]> {
  const drafts = alerts.map((alert) => ({
    workspace_id: alert.workspaceId,
    id: ids.next('alr'),
    conversation_id: alert.conversationId,
    visitor_id: alert.visitorId,
    event_seq: alert.eventSeq,
    step: alert.step,
    due_at: alert.dueAt,
  }))
  const rows = await run(client, ADVANCE, [ALERT_CURSOR, to.xid, to.logId, JSON.stringify(drafts)])
  if (rows.length === 0) throw new Error(`the cursor stands beyond ${to.xid}/${to.logId} already`)
  return rows.flatMap(({ workspace_id: workspaceId, id, due_in_ms: dueInMs }) =>
    workspaceId === null ? [] : [{ workspaceId: workspaceId as WorkspaceId, alertId: id as AlertId, dueInMs }],
  )
}
