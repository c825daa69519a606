import type { StoredEvent, StoredEventOf } from '@dosti/contracts'
import type {
  Change,
  ConversationStore,
  Ids,
  ListQuery,
  MessagesQuery,
  Outcome,
  Progress,
  ThreadQuery,
  Told,
} from '@dosti/conversations'
import type pg from 'pg'
import { DEADLINE_MS, withConnection } from './client.ts'
import type { Db } from './client.ts'
import { commitBatch, commitUsual, decideUsual, keyOf } from './commit-batch.ts'
import type { Committed, Group, Shared, Usual } from './commit-batch.ts'
import * as sql from './conversation-statements.ts'
import { scopeText } from './scope.ts'
import { createKnownThreads } from './known-threads.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { createReadMarks } from './read-marks.ts'
import { run } from './statement.ts'
import { sqlState, unavailable } from './unavailable.ts'

const ATTEMPTS = 3
/** Serialization failure, deadlock, and a visitor or message that another node wrote first. */
const WORTH_ANOTHER = new Set(['40001', '40P01', '23505'])
/** Locked visitors that are waited for at the same time; more would take the pool from everybody else. */
const WAITING_CONNECTIONS = 3
/** Classes 22 and 23: data that Postgres refuses, and broken constraints. */
const DATA_ERROR = /^2[23]/u
const LOCK_NOT_AVAILABLE = '55P03'
const FOREVER = Number.MAX_SAFE_INTEGER

/** A store of threads; it wants to be told what happens to them elsewhere, though it does without. */
export interface PostgresConversations extends ConversationStore {
  /** To be given everything the bus tells. */
  hear(told: readonly Told[]): void
}

interface Stores extends Shared {
  db: Pick<Db, 'pool' | 'breaker'>
  lanes: Lanes
}

/** Threads in Postgres. Numbers are taken under the visitor's row lock, so their order is the order of commits. */
export function createConversationStore(
  db: Pick<Db, 'pool' | 'breaker'>,
  { ids }: { ids: Ids },
): PostgresConversations {
  const lanes = createLanes(WAITING_CONNECTIONS)
  const known = createKnownThreads(() => performance.now())
  return {
    hear: (told) => known.hear(told, ({ workspaceId, visitorId }) => keyOf(workspaceId, visitorId)),
    change: (changes, progress) => change({ db, ids, lanes, known }, changes, progress),
    thread: (query) => withConnection(db, (client) => readThread(client, query)),
    messages: (query) => withConnection(db, (client) => readMessages(client, query)),
    list: (query) => withConnection(db, (client) => readList(client, query)),
    markRead: createReadMarks(db, lanes, known),
  }
}

/**
 * Visitors that nobody else is writing to share a transaction: one for what is usual in threads that are known, one for those that
 * are read first. Each of the others gets one of its own, so that a locked visitor cannot stall the rest.
 */
async function change(stores: Stores, changes: readonly Change[], progress: Progress | undefined): Promise<Outcome[]> {
  const { lanes } = stores
  const deadline = performance.now() + DEADLINE_MS
  const outcomes = Array.from<Outcome>({ length: changes.length })
  const failures: unknown[] = []
  const settle = (index: number, outcome: Outcome) => {
    outcomes[index] = outcome
    progress?.settled(index, outcome)
  }
  const fail = (groups: readonly Group[], error: unknown) => {
    for (const { index } of groups.flatMap((group) => group.changes)) {
      failures.push(error)
      settle(index, { ok: false, error })
    }
  }
  // Gives back the groups that are to be tried again, each alone.
  const attempt = async (groups: readonly Group[], lock: 'free' | 'waiting'): Promise<readonly Group[]> => {
    try {
      const result = await withRetries(stores, groups, lock, deadline)
      result.outcomes.forEach((outcome, index) => settle(index, outcome))
      return result.skipped
    } catch (error) {
      // Neither a row that Postgres refuses nor a visitor that somebody else is making may fail its neighbours.
      const state = sqlState(error)
      if (groups.length > 1 && (DATA_ERROR.test(state) || state === LOCK_NOT_AVAILABLE)) return groups
      fail(groups, error)
      return []
    }
  }
  const attemptFree = async (groups: readonly Group[]): Promise<readonly Group[]> => {
    let left = groups
    // Many may be skipped where two nodes serve the same visitors; a moment later most of them are free.
    for (let before = Infinity; left.length > 0 && left.length < before;) {
      before = left.length > WAITING_CONNECTIONS ? left.length : 0
      left = await attempt(left, 'free')
    }
    return left
  }
  // Gives back the groups that are to be read after all.
  const attemptUsual = async (usual: Usual): Promise<readonly Group[]> => {
    const { groups } = usual
    if (groups.length === 0) return []
    let isRolledBack = true
    try {
      const commit = (client: pg.PoolClient) => commitUsual(client, usual, stores)
      const committed = await withConnection(stores.db, commit, deadline - performance.now())
      committed?.forEach((outcome, index) => settle(index, outcome))
      if (committed !== undefined) return []
    } catch (error) {
      isRolledBack = WORTH_ANOTHER.has(sqlState(error)) || DATA_ERROR.test(sqlState(error))
      if (!isRolledBack) fail(groups, error)
    }
    for (const { key } of groups) stores.known.forget(key)
    return isRolledBack ? groups : []
  }
  const { usual, rest } = decideUsual(groupByVisitor(changes), stores)
  const left = await Promise.all([attemptUsual(usual).then(attemptFree), attemptFree(rest)])
  progress?.ready()
  await Promise.all(left.flat().map((group) => lanes(() => attempt([group], 'waiting'))))
  // Nothing at all is known to be committed, for a reason that no change brought with it.
  if (changes.length > 0 && failures.length === changes.length) throw failures[0]
  return outcomes
}

function groupByVisitor(changes: readonly Change[]): Group[] {
  const groups = new Map<string, Group>()
  changes.forEach((change, index) => {
    const { workspaceId, visitorId } = change
    const key = keyOf(workspaceId, visitorId)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { key, workspaceId, visitorId, changes: [{ index, change }] })
    else group.changes.push({ index, change })
  })
  // Every node writes in the same order: two that make the same visitors at once then wait for each other in one direction.
  return [...groups.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** Decides again after a serialization failure, a deadlock, or when another node made one of the visitors first. */
async function withRetries(
  stores: Stores,
  groups: readonly Group[],
  lock: 'free' | 'waiting',
  deadline: number,
): Promise<Committed> {
  for (let attempt = 1; ; attempt += 1) {
    const left = deadline - performance.now()
    if (left <= 0) throw unavailable(new Error('the deadline of the batch is over'))
    try {
      // A wait for a lock ends by the lock's time-out: to be cut short for its late turn would look like a failure of Postgres.
      const within = lock === 'waiting' ? DEADLINE_MS : left
      const result = await withConnection(stores.db, (client) => commitBatch(client, groups, stores, lock), within)
      // While waiting for locks only a visitor made a moment ago is skipped; the next attempt finds it.
      if (lock === 'free' || result.skipped.length === 0) return result
      if (attempt >= ATTEMPTS) throw unavailable(new Error('a visitor that is made cannot be locked'))
    } catch (error) {
      if (attempt >= ATTEMPTS || !WORTH_ANOTHER.has(sqlState(error))) throw error
    }
  }
}

async function readThread(client: pg.PoolClient, query: ThreadQuery) {
  const { workspaceId, visitorId, internal, limit, since = 0, after, internalAfter = 0, before } = query
  const of: [string, string, number, number] = [scopeText([workspaceId]), visitorId, limit + 1, since]
  if (after !== undefined) {
    const [row] = internal
      ? await run(client, sql.AFTER_BOTH, [...of, after, internalAfter])
      : await run(client, sql.AFTER_PUBLIC, [...of, after])
    return row && toPage(row, row.events.slice(0, limit))
  }
  const [row] =
    before === undefined
      ? await run(client, internal ? sql.NEWEST_BOTH : sql.NEWEST_PUBLIC, of)
      : await run(client, internal ? sql.BEFORE_BOTH : sql.BEFORE_PUBLIC, [...of, before])
  return row && toPage(row, row.events.slice(-limit))
}

function toPage({ thread, found }: sql.PageRow, events: StoredEvent[]) {
  return { thread, events, hasMore: found > events.length }
}

async function readMessages(client: pg.PoolClient, query: MessagesQuery) {
  const { workspaceId, visitorId, limit, since = 0, afterTimestamp } = query
  const of: [string, string, number] = [scopeText([workspaceId]), visitorId, limit + 1]
  const isNewest = afterTimestamp === undefined
  const after = Math.max(afterTimestamp ?? 0, since - 1)
  let rows = isNewest
    ? await run(client, sql.MESSAGES_NEWEST, [...of, since])
    : await run(client, sql.MESSAGES_AFTER, [...of, after])
  if (!isNewest && (rows[0]?.is_far === true || rows.length > sql.FEW))
    rows = await run(client, sql.MESSAGES_AFTER_FAR, [...of, after])
  const [first] = rows
  if (first === undefined) return undefined
  const found = first.seq === null ? [] : rows.map((row) => toMessage(visitorId, row))
  const messages = isNewest ? found.slice(-limit) : found.slice(0, limit)
  return {
    lastTimestamp: first.last_timestamp,
    messages,
    hasMore: (first.found ?? found.length) > messages.length,
    reached: first.reached ?? 0,
    now: first.now,
  }
}

function toMessage(visitorId: string, row: sql.MessageRow): StoredEventOf<'message.sent'> {
  const { id, seq, timestamp, conversation_id: conversationId, actor, data } = row
  return {
    id,
    name: 'message.sent',
    stream: 'public',
    seq: seq ?? 0,
    timestamp,
    visitorId,
    conversationId,
    actor,
    data,
  }
}

async function readList(client: pg.PoolClient, query: ListQuery) {
  const { workspaceId, status, limit, assignee, before } = query
  const of: [string, string, number, number, string] = [
    scopeText([workspaceId]),
    status,
    limit,
    before?.updatedAt ?? FOREVER,
    before?.id ?? '',
  ]
  const rows =
    typeof assignee === 'string'
      ? await run(client, sql.LIST_ASSIGNED, [...of, assignee])
      : await run(client, assignee === null ? sql.LIST_UNASSIGNED : sql.LIST, of)
  return rows.map(({ conversation }) => conversation)
}
