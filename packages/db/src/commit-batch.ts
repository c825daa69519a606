import type { AgentsConversation, StoredEvent, VisitorId, WorkspaceId } from '@dosti/contracts'
import { DostiError } from '@dosti/contracts'
import type { Change, Changed, Ids, Outcome, Thread } from '@dosti/conversations'
import type pg from 'pg'
import { append, newThread } from './append.ts'
import * as sql from './conversation-statements.ts'
import type { KnownThreads } from './known-threads.ts'
import { BEGIN, COMMIT, orRollBack, scopeText } from './scope.ts'
import { call, run, runAll } from './statement.ts'
import { writes, type Appended, type Rows } from './write-statements.ts'

/** The changes of one visitor within a batch, in their order; `index` is the place in the batch. */
export interface Group {
  key: string
  workspaceId: WorkspaceId
  visitorId: VisitorId
  changes: { index: number; change: Change }[]
}

/** What a transaction came to. `skipped` groups were locked by somebody else, or not as they were known, and are untouched. */
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

/**
 * The same for visitors whose threads are all known, in one round trip: decided on what is known, written if it still holds.
 * Otherwise all are skipped.
 */
export async function commitKnown(
  client: pg.PoolClient,
  groups: readonly Group[],
  { ids, known }: Shared,
): Promise<Committed> {
  const { found, versions } = recall(known, groups)
  if (found === undefined) return { outcomes: new Map(), skipped: groups }
  const states = groups.map((group) => decideGroup(group, found, ids))
  const changed = states.filter(({ events }) => events.length > 0)
  const keys = keysOf(groups)
  const [, [locked]] = await orRollBack(client, () =>
    runAll(client, [
      call(BEGIN, []),
      call(sql.LOCK_KNOWN, [scopeText(keys[0]), ...keys, versions]),
      ...writes(rowsOf(changed)),
      call(COMMIT, []),
    ]),
  )
  if (locked?.held !== true) return { outcomes: new Map(), skipped: groups }
  remember(known, changed, locked)
  return { outcomes: outcomesOf(states), skipped: [] }
}

function recall(known: KnownThreads, groups: readonly Group[]): { found: Found | undefined; versions: string[] } {
  const threads = new Map<Group, Thread>()
  const versions: string[] = []
  for (const group of groups) {
    const one = known.get(group.key)
    if (one === undefined) continue
    threads.set(group, one.thread)
    versions.push(one.version)
  }
  const now = known.now()
  const isWhole = now !== undefined && threads.size === groups.length
  return { found: isWhole ? { now, threads, skipped: new Set(), known: new Map() } : undefined, versions }
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
  known: Map<string, StoredEvent>
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
  const onces = groups.flatMap(({ key, workspaceId, visitorId, changes }) =>
    changes.flatMap(({ change: { once } }) => (once === undefined ? [] : [{ key, workspaceId, visitorId, ...once }])),
  )
  const [, locked, heads, known = []] = await runAll(client, [
    call(BEGIN, []),
    call(lock === 'free' ? sql.LOCK_FREE : sql.LOCK_WAITING, [scopeText(keys[0]), ...keys]),
    call(sql.READ_HEADS, keys),
    ...(onces.length === 0 ? [] : [readKnown(onces)]),
  ])
  const [first] = heads
  if (first === undefined) throw new Error('a batch without visitors')
  const held = new Map(locked.map((row) => [row.place, row]))
  const found: Found = { now: first.now, threads: new Map(), skipped: new Set(), known: new Map() }
  for (const head of heads) {
    const group = at(groups, head)
    const visitor = held.get(head.place)
    if (visitor !== undefined) found.threads.set(group, toThread(group.visitorId, visitor, head))
    else if (head.known) found.skipped.add(group)
  }
  for (const row of known) {
    const once = at(onces, row)
    found.known.set(knownKey(once.key, once), row.event)
  }
  return found
}

type OnceOf = Pick<Group, 'key' | 'workspaceId' | 'visitorId'> & NonNullable<Change['once']>

function readKnown(onces: readonly OnceOf[]) {
  return call(sql.READ_KNOWN, [
    onces.map(({ workspaceId }) => workspaceId),
    onces.map(({ visitorId }) => visitorId),
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

function toThread(visitorId: VisitorId, visitor: sql.LockedRow, head: sql.HeadRow): Thread {
  const { name: visitorName, bound, seq, internal_seq: internalSeq, last_timestamp: lastTimestamp } = visitor
  const conversation: AgentsConversation | null =
    head.id === null
      ? null
      : {
          id: head.id,
          visitorId,
          visitorName,
          status: head.status,
          agents: head.agents,
          lastMessage:
            head.last_at === null || head.last_from === null
              ? null
              : { text: head.last_text ?? '', from: head.last_from, timestamp: head.last_at },
          openedAt: head.opened_at,
          closedAt: head.closed_at,
          updatedAt: head.updated_at,
          seq,
          readByAgents: head.read_by_agents,
          readByVisitor: head.read_by_visitor,
          assignee: head.assignee_id === null ? null : { id: head.assignee_id, name: head.assignee_name ?? '' },
          unread: head.unread,
          internalSeq,
          bound,
        }
  return { visitorId, visitorName, bound, seq, internalSeq, lastTimestamp, conversation }
}

function knownKey(thread: string, { sender, clientMessageId }: NonNullable<Change['once']>): string {
  return JSON.stringify([thread, sender, clientMessageId])
}

interface State {
  group: Group
  isNew: boolean
  thread: Thread
  /** The conversation that Postgres has as the current one. */
  stored: AgentsConversation | null
  /** Heads that are current no more: a new conversation took their place. */
  former: AgentsConversation[]
  events: Omit<Appended, 'workspaceId'>[]
  outcomes: [index: number, outcome: Outcome][]
}

function decideGroup(group: Group, found: Found, ids: Ids): State {
  const existing = found.threads.get(group)
  const state: State = {
    group,
    isNew: existing === undefined,
    thread: existing ?? newThread(group.visitorId),
    stored: existing?.conversation ?? null,
    former: [],
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

function decideChange(state: State, change: Change, found: Found, ids: Ids): Changed {
  const { once } = change
  const key = once === undefined ? '' : knownKey(state.group.key, once)
  const first = found.known.get(key)
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
  const before = state.thread.conversation
  if (before !== null && before.id !== thread.conversation?.id) state.former.push(before)
  const named = once === undefined ? undefined : events.find(({ name }) => name === once.name)
  if (named !== undefined) found.known.set(key, named)
  state.events.push(...events.map((event) => ({ event, once: event === named ? once : undefined })))
  state.thread = thread
  return { events, repeated: false, conversation: thread.conversation }
}

function isSame(event: StoredEvent, once: NonNullable<Change['once']>): boolean {
  return event.name === once.name && 'text' in event.data && event.data.text === once.text
}

function rowsOf(states: readonly State[]): Rows {
  const rows: Rows = { createdVisitors: [], changedVisitors: [], openedHeads: [], changedHeads: [], events: [] }
  for (const { group, isNew, thread, stored, former, events } of states) {
    const { workspaceId } = group
    const addHead = (head: AgentsConversation, isCurrent: boolean): void => {
      const heads = head.id === stored?.id ? rows.changedHeads : rows.openedHeads
      heads.push({ workspaceId, head, isCurrent })
    }
    const visitors = isNew ? rows.createdVisitors : rows.changedVisitors
    visitors.push({ workspaceId, thread })
    for (const head of former) addHead(head, false)
    if (thread.conversation !== null) addHead(thread.conversation, true)
    for (const { event, once } of events) rows.events.push({ workspaceId, event, once })
  }
  return rows
}
