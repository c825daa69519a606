import type { AgentsConversation, StoredEvent, VisitorId, WorkspaceId } from '@dosti/contracts'
import { DostiError } from '@dosti/contracts'
import type { Change, Changed, Ids, Outcome, Thread } from '@dosti/conversations'
import type pg from 'pg'
import { append, newThread } from './append.ts'
import { LOCK_FREE, LOCK_WAITING, READ_THREADS, WRITE } from './conversation-statements.ts'
import type { KnownRow } from './conversation-statements.ts'
import { begin, commit, rollback } from './scope.ts'
import { run } from './statement.ts'

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
  skipped: Group[]
}

/** Names a visitor's thread in a Map. */
export function keyOf(workspaceId: string, visitorId: string): string {
  return `${workspaceId} ${visitorId}`
}

/**
 * One transaction for some visitors: locks, reads, decides, writes, commits. Resolves only once all of it is durable. Two round
 * trips: what needs no answer in between goes out together, and Postgres takes it in order. The read is a statement of its own
 * after the locks, so it sees what their former holders committed.
 */
export async function commitBatch(
  client: pg.PoolClient,
  groups: readonly Group[],
  ids: Ids,
  lock: 'free' | 'waiting',
): Promise<Committed> {
  const workspaceIds = groups.map(({ workspaceId }) => workspaceId)
  const visitorIds = groups.map(({ visitorId }) => visitorId)
  try {
    const [, locked, found] = await Promise.all([
      begin(client, workspaceIds),
      run(client, lock === 'free' ? LOCK_FREE : LOCK_WAITING, [workspaceIds, visitorIds]),
      readThreads(client, groups),
    ])
    const held = new Set(locked.map((row) => keyOf(row.workspace_id, row.visitor_id)))
    // Known but not locked: held by another transaction, or made by one since we locked.
    const isSkipped = ({ key }: Group) => found.threads.has(key) && !held.has(key)
    const skipped = groups.filter(isSkipped)
    const states = groups.filter((group) => !isSkipped(group)).map((group) => decideGroup(group, found, ids))
    const written = states.filter(({ events }) => events.length > 0)
    await Promise.all([
      written.length > 0 && run(client, WRITE, [visitorRows(written), headRows(written), eventRows(written)]),
      commit(client),
    ])
    return { outcomes: new Map(states.flatMap(({ outcomes }) => outcomes)), skipped }
  } catch (error) {
    await rollback(client)
    throw error
  }
}

interface Found {
  now: number
  threads: Map<string, Thread>
  known: Map<string, StoredEvent>
}

async function readThreads(client: pg.PoolClient, groups: readonly Group[]): Promise<Found> {
  const onces = groups.flatMap(({ workspaceId, visitorId, changes }) =>
    changes.flatMap(({ change: { once } }) => (once === undefined ? [] : [{ workspaceId, visitorId, ...once }])),
  )
  const [row] = await run(client, READ_THREADS, [
    groups.map(({ workspaceId }) => workspaceId),
    groups.map(({ visitorId }) => visitorId),
    onces.map(({ workspaceId }) => workspaceId),
    onces.map(({ visitorId }) => visitorId),
    onces.map(({ sender }) => sender),
    onces.map(({ clientMessageId }) => clientMessageId),
  ])
  if (row === undefined) throw new Error('reading the threads gave no row')
  return {
    now: row.now,
    threads: new Map(
      row.threads.map(({ workspace_id, visitor_id, thread }) => [keyOf(workspace_id, visitor_id), thread]),
    ),
    known: new Map(row.known.map((known) => [knownKey(known), known.event])),
  }
}

function knownKey(row: Omit<KnownRow, 'event'>): string {
  return JSON.stringify([row.workspace_id, row.visitor_id, row.sender, row.client_message_id])
}

interface Written {
  event: StoredEvent
  once: Change['once']
}

interface State {
  group: Group
  isNew: boolean
  thread: Thread
  /** Heads that are current no more: a new conversation took their place. */
  former: AgentsConversation[]
  events: Written[]
  outcomes: [index: number, outcome: Outcome][]
}

function decideGroup(group: Group, found: Found, ids: Ids): State {
  const existing = found.threads.get(group.key)
  const state: State = {
    group,
    isNew: existing === undefined,
    thread: existing ?? newThread(group.visitorId),
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
  const key =
    once === undefined
      ? ''
      : knownKey({
          workspace_id: change.workspaceId,
          visitor_id: change.visitorId,
          sender: once.sender,
          client_message_id: once.clientMessageId,
        })
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

function visitorRows(states: readonly State[]): string {
  return JSON.stringify(
    states.map(({ group, isNew, thread }) => ({
      is_new: isNew,
      workspace_id: group.workspaceId,
      visitor_id: group.visitorId,
      name: thread.visitorName,
      seq: thread.seq,
      internal_seq: thread.internalSeq,
      last_timestamp: thread.lastTimestamp,
      conversation_id: thread.conversation?.id ?? null,
    })),
  )
}

function headRows(states: readonly State[]): string {
  return JSON.stringify(
    states.flatMap(({ group, thread, former }) => {
      const heads = former.map((head) => headRow(group.workspaceId, head, false))
      return thread.conversation === null ? heads : [...heads, headRow(group.workspaceId, thread.conversation, true)]
    }),
  )
}

/** A head as a row of the table `conversation`. */
export function headRow(workspaceId: WorkspaceId, head: AgentsConversation, isCurrent: boolean) {
  return {
    workspace_id: workspaceId,
    id: head.id,
    visitor_id: head.visitorId,
    status: head.status,
    is_current: isCurrent,
    agents: head.agents,
    assignee_id: head.assignee?.id ?? null,
    assignee_name: head.assignee?.name ?? null,
    last_text: head.lastMessage?.text ?? null,
    last_from: head.lastMessage?.from ?? null,
    last_at: head.lastMessage?.timestamp ?? null,
    opened_at: head.openedAt,
    closed_at: head.closedAt,
    updated_at: head.updatedAt,
    read_by_agents: head.readByAgents,
    read_by_visitor: head.readByVisitor,
    unread: head.unread,
  }
}

function eventRows(states: readonly State[]): string {
  return JSON.stringify(
    states.flatMap(({ group, events }) => events.map(({ event, once }) => eventRow(group.workspaceId, event, once))),
  )
}

/** An event as a row of the table `event`. */
export function eventRow(workspaceId: WorkspaceId, event: StoredEvent, once: Change['once']) {
  return {
    workspace_id: workspaceId,
    visitor_id: event.visitorId,
    stream: event.stream,
    seq: event.seq,
    id: event.id,
    name: event.name,
    conversation_id: event.conversationId,
    timestamp: event.timestamp,
    actor: event.actor,
    data: event.data,
    sender: once?.sender ?? null,
    client_message_id: once?.clientMessageId ?? null,
  }
}
