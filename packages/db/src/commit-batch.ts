import type { AgentsConversation, StoredEvent, VisitorId, WorkspaceId } from '@dosti/contracts'
import { DostiError } from '@dosti/contracts'
import type { Change, Changed, Ids, Outcome, Thread } from '@dosti/conversations'
import type pg from 'pg'
import { append, newThread } from './append.ts'
import * as sql from './conversation-statements.ts'
import type { KnownThreads } from './known-threads.ts'
import { BEGIN, COMMIT, orRollBack, scopeText } from './scope.ts'
import { call, run, runAll } from './statement.ts'
import { appendUsual, isUsual, writes, type Appended, type KnownRow, type Rows } from './write-statements.ts'

/** The changes of one visitor within a batch, in their order; `index` is the place in the batch. */
export interface Group {
  key: string
  workspaceId: WorkspaceId
  visitorId: VisitorId
  changes: { index: number; change: Change }[]
}

/** What a transaction came to. `skipped` groups were locked by somebody else and are untouched. */
export interface Committed {
  outcomes: Map<number, Outcome>
  skipped: readonly Group[]
}

/** Names a visitor's thread in a Map. */
export function keyOf(workspaceId: string, visitorId: string): string {
  return `${workspaceId} ${visitorId}`
}

/** What the transactions of a process share. */
export interface Shared {
  ids: Ids
  known: KnownThreads
}

/**
 * One transaction for some visitors: locks, reads, decides, writes, commits. Resolves only once all of it is durable. Two round
 * trips: what needs no answer in between goes out together, and Postgres takes it in order.
 */
export async function commitBatch(
  client: pg.PoolClient,
  groups: readonly Group[],
  { ids, known }: Shared,
  lock: 'free' | 'waiting',
): Promise<Committed> {
  return await orRollBack(client, async () => {
    const found = await lockAndRead(client, groups, lock)
    const states = groups.filter((group) => !found.skipped.has(group)).map((group) => decideGroup(group, found, ids))
    const changed = states.filter(({ events }) => events.length > 0)
    if (changed.length === 0) await run(client, COMMIT, [])
    else {
      const results = await runAll(client, [...writes(rowsOf(changed)), call(sql.READ_VERSION, []), call(COMMIT, [])])
      remember(known, changed, results.at(-2)?.[0] as sql.Version)
    }
    return { outcomes: outcomesOf(states), skipped: [...found.skipped] }
  })
}

/** Messages in conversations that go on, decided on threads that are known. */
export interface Usual {
  groups: readonly Group[]
  states: readonly State[]
  rows: readonly KnownRow[]
}

/** Decides what is usual. The rest is to be read first: unknown threads, more than messages, and what comes to nothing or is refused. */
export function decideUsual(groups: readonly Group[], { ids, known }: Shared): { usual: Usual; rest: Group[] } {
  const now = known.now()
  const states: State[] = []
  const rows: KnownRow[] = []
  const rest: Group[] = []
  for (const group of groups) {
    const found = known.get(group.key)
    if (now === undefined || found === undefined) {
      rest.push(group)
      continue
    }
    const { thread: before, version } = found
    const state = decideGroup(group, { now, threads: new Map([[group, before]]), sent: new Map() }, ids)
    const row = { workspaceId: group.workspaceId, thread: state.thread, before, version }
    if (state.events.length > 0 && isUsual(row)) {
      states.push(state)
      rows.push(row)
    } else rest.push(group)
  }
  return { usual: { groups: states.map(({ group }) => group), states, rows }, rest }
}

/** Writes it in one round trip if what was known still holds; otherwise nothing, and undefined. */
export async function commitUsual(
  client: pg.PoolClient,
  { states, rows }: Usual,
  { known }: Shared,
): Promise<Committed['outcomes'] | undefined> {
  const scope = scopeText(rows.map(({ workspaceId }) => workspaceId))
  const [[written]] = await runAll(client, [appendUsual(scope, rows, states.flatMap(appendedOf))])
  if (written?.held !== true) return undefined
  remember(known, states, written)
  return outcomesOf(states)
}

function remember(known: KnownThreads, changed: readonly State[], { version, now }: sql.Version): void {
  known.heardClock(now)
  for (const { group, thread } of changed) known.set(group.key, { thread, version })
}

const outcomesOf = (states: readonly State[]) => new Map(states.flatMap(({ outcomes }) => outcomes))

const keysOf = (groups: readonly Group[]): [WorkspaceId[], string[]] => [
  groups.map(({ workspaceId }) => workspaceId),
  groups.map(({ visitorId }) => visitorId),
]

/** What the decisions of a batch go by. */
interface Found {
  now: number
  threads: Map<Group, Thread>
  /** Known but not locked: held by another transaction, or made by one since we locked. */
  skipped: Set<Group>
  /** What is in the log under its client message id, and what this batch appends. */
  sent: Map<string, StoredEvent>
}

/**
 * Begins a transaction with the lock of one visitor: undefined if there is none, `skipped` if somebody else holds it and it is not
 * to be waited for.
 */
export async function lockThread(
  client: pg.PoolClient,
  who: Pick<Group, 'workspaceId' | 'visitorId'>,
  lock: 'free' | 'waiting',
): Promise<Thread | undefined | 'skipped'> {
  const group = { ...who, key: '', changes: [] }
  const { threads, skipped } = await lockAndRead(client, [group], lock)
  return skipped.has(group) ? 'skipped' : threads.get(group)
}

/** The first half of a transaction, in one round trip. */
async function lockAndRead(client: pg.PoolClient, groups: readonly Group[], lock: 'free' | 'waiting'): Promise<Found> {
  const keys = keysOf(groups)
  const onces = groups.flatMap((group) =>
    group.changes.flatMap(({ change: { once } }) => (once === undefined ? [] : [{ group, ...once }])),
  )
  const [, rows, sent = []] = await runAll(client, [
    call(BEGIN, []),
    call(lock === 'free' ? sql.LOCK_FREE : sql.LOCK_WAITING, [scopeText(keys[0]), ...keys]),
    // A statement of its own: its snapshot is newer than the locks, and so has all that they waited for.
    ...(onces.length === 0 ? [] : [readSent(onces)]),
  ])
  const last = rows.at(-1)
  if (last === undefined) throw new Error('a batch without visitors')
  const found: Found = { now: last.now, threads: new Map(), skipped: new Set(), sent: new Map() }
  for (const row of rows) {
    const group = at(groups, row)
    if (row.held) found.threads.set(group, toThread(group.visitorId, row))
    else if (row.known) found.skipped.add(group)
  }
  for (const row of sent) {
    const { group, ...once } = at(onces, row)
    found.sent.set(onceKey(group.key, once), row.event)
    // Made by somebody else between the two statements.
    if (!found.threads.has(group)) found.skipped.add(group)
  }
  return found
}

type OnceOf = { group: Group } & NonNullable<Change['once']>

function readSent(onces: readonly OnceOf[]) {
  return call(sql.READ_SENT, [
    onces.map(({ group }) => group.workspaceId),
    onces.map(({ group }) => group.visitorId),
    onces.map(({ sender }) => sender),
    onces.map(({ clientMessageId }) => clientMessageId),
  ])
}

/** What a row answers to: the place in the arrays that were sent, from 1. */
function at<T>(items: readonly T[], { place }: { place: number }): T {
  const item = items[place - 1]
  if (item === undefined) throw new Error(`there is no place ${place} in the batch`)
  return item
}

function toThread(visitorId: VisitorId, row: sql.LockedRow): Thread {
  const { name: visitorName, bound, seq, internal_seq: internalSeq, last_timestamp: lastTimestamp } = row
  const conversation: AgentsConversation | null =
    row.conversation_id === null
      ? null
      : {
          id: row.conversation_id,
          visitorId,
          visitorName,
          status: row.status,
          agents: row.agents,
          lastMessage:
            row.last_at === null || row.last_from === null
              ? null
              : { text: row.last_text ?? '', from: row.last_from, timestamp: row.last_at },
          openedAt: row.opened_at,
          closedAt: row.closed_at,
          updatedAt: row.updated_at,
          seq,
          readByAgents: row.read_by_agents,
          readByVisitor: row.read_by_visitor,
          assignee: row.assignee_id === null ? null : { id: row.assignee_id, name: row.assignee_name ?? '' },
          unread: row.unread,
          internalSeq,
          bound,
        }
  return { visitorId, visitorName, bound, seq, internalSeq, lastTimestamp, conversation }
}

function onceKey(thread: string, { sender, clientMessageId }: NonNullable<Change['once']>): string {
  return JSON.stringify([thread, sender, clientMessageId])
}

interface State {
  group: Group
  isNew: boolean
  thread: Thread
  events: Omit<Appended, 'workspaceId'>[]
  outcomes: [index: number, outcome: Outcome][]
}

function decideGroup(group: Group, found: Omit<Found, 'skipped'>, ids: Ids): State {
  const existing = found.threads.get(group)
  const state: State = {
    group,
    isNew: existing === undefined,
    thread: existing ?? newThread(group.visitorId),
    events: [],
    outcomes: [],
  }
  for (const { index, change } of group.changes) {
    try {
      state.outcomes.push([index, { ok: true, changed: decideChange(state, change, found, ids) }])
    } catch (error) {
      state.outcomes.push([index, { ok: false, error }])
    }
  }
  return state
}

function decideChange(state: State, change: Change, found: Omit<Found, 'skipped'>, ids: Ids): Changed {
  const { once } = change
  const key = once === undefined ? '' : onceKey(state.group.key, once)
  const first = found.sent.get(key)
  if (once !== undefined && first !== undefined) {
    if (!isSame(first, once)) throw new DostiError('message.conflict')
    return { events: [first], repeated: true, conversation: state.thread.conversation }
  }
  // A visitor is made together with its first events, so a refused decision leaves nothing behind.
  const exists = !state.isNew || state.events.length > 0
  const stamp = { now: found.now, conversationId: ids.next('cnv') }
  const decision = change.decide(exists || change.createVisitor ? state.thread : undefined, stamp)
  if (decision.events.length === 0) return { events: [], repeated: false, conversation: state.thread.conversation }
  if (!exists && !change.createVisitor) throw new Error('a decision about no visitor may not append events')
  const { thread, events } = append(state.thread, decision, found.now, ids)
  const named = once === undefined ? undefined : events.find(({ name }) => name === once.name)
  if (named !== undefined) found.sent.set(key, named)
  state.events.push(...events.map((event) => ({ event, once: event === named ? once : undefined })))
  state.thread = thread
  return { events, repeated: false, conversation: thread.conversation }
}

function isSame(event: StoredEvent, once: NonNullable<Change['once']>): boolean {
  return event.name === once.name && 'text' in event.data && event.data.text === once.text
}

function rowsOf(states: readonly State[]): Rows {
  const rowOf = ({ group, thread }: State) => ({ workspaceId: group.workspaceId, thread })
  return {
    createdVisitors: states.filter(({ isNew }) => isNew).map(rowOf),
    changedVisitors: states.filter(({ isNew }) => !isNew).map(rowOf),
    events: states.flatMap(appendedOf),
  }
}

const appendedOf = ({ group: { workspaceId }, events }: State): Appended[] =>
  events.map(({ event, once }) => ({ workspaceId, event, once }))
