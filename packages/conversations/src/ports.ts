import type {
  AgentId,
  AgentRef,
  AgentsConversation,
  ConversationId,
  FleetingEvent,
  IdPrefix,
  StoredEvent,
  StoredEventName,
  StoredEventOf,
  VisitorId,
  WorkspaceId,
} from '@dosti/contracts'

/** All that a decision may read: what lies on the locked visitor row. */
export interface Thread {
  visitorId: VisitorId
  visitorName: string | null
  /** A token or the server vouches for the id. */
  bound: boolean
  /** The last number of the public stream; 0 before the first event. */
  seq: number
  internalSeq: number
  /** The timestamp of the newest event of either stream; 0 before the first. */
  lastTimestamp: number
  /** The newest conversation of this visitor, open or closed. */
  conversation: AgentsConversation | null
}

/** An event that a decision asks for; the store numbers, stamps and names it. */
export type Draft = {
  [N in StoredEventName]: Pick<StoredEventOf<N>, 'name' | 'data' | 'actor' | 'conversationId'>
}[StoredEventName]

/** What a decision comes to: events to append, in order, and the visitor's name if it is to change. Empty events change nothing. */
export interface Decision {
  events: Draft[]
  visitorName?: string
}

/** What a decision may not make itself. */
export interface Stamp {
  /** Milliseconds since 1970 by the database's clock, one clock for all nodes. */
  now: number
  /** For a conversation that this decision opens. */
  conversationId: ConversationId
}

/** A change of one visitor's thread. */
export interface Change {
  workspaceId: WorkspaceId
  visitorId: VisitorId
  /** Make the visitor if there is none; else the decision is given `undefined`. */
  createVisitor: boolean
  /** Makes a repeat the same message: unique per visitor and sender. */
  once?: { sender: Sender; clientMessageId: string; name: 'message.sent' | 'note.added'; text: string }
  /**
   * Pure. What it is given is true under the visitor's row lock, or it is called again. May throw a DostiError, which then is this
   * change's outcome alone.
   */
  decide: (thread: Thread | undefined, stamp: Stamp) => Decision
}

/** Whose `clientMessageId`s are apart from whose: each agent has its own, the visitor's devices share one. */
export type Sender = 'visitor' | AgentId

export interface Changed {
  /** The new events, numbered and committed; for a repeat the one event that was stored the first time. */
  events: StoredEvent[]
  /** True: nothing was written, the message was known. */
  repeated: boolean
  /** The head after the change; null while the visitor never wrote. */
  conversation: AgentsConversation | null
}

/** What became of one change of a batch. */
export type Outcome = { ok: true; changed: Changed } | { ok: false; error: unknown }

export interface ThreadQuery {
  workspaceId: WorkspaceId
  visitorId: VisitorId
  /** Merge the agents' stream in. */
  internal: boolean
  /** Events after this public number (exclusive). Without `after` and `before`: the newest page. */
  after?: number
  /** Events after this internal number (exclusive); read only with `after`, 0 if missing. */
  internalAfter?: number
  /** Events before this timestamp (exclusive). */
  before?: number
  limit: number
  /** Nothing older than this timestamp. */
  since?: number
}

/** A page of a thread, as one consistent reading: the head's numbers belong to the same moment as the events. */
export interface ThreadRead {
  thread: Thread
  /** In order of timestamp. With `after`: the oldest that follow. Else the newest of the range. */
  events: StoredEvent[]
  /** There are more in the direction read: than `limit`, or than take `PAGE_BYTES_MAX`. One event there is in any case. */
  hasMore: boolean
}

export interface MessagesQuery {
  workspaceId: WorkspaceId
  visitorId: VisitorId
  /** Exclusive, milliseconds. Missing: the newest page. */
  afterTimestamp?: number
  /** Nothing older than this timestamp. */
  since?: number
  limit: number
}

export interface ListQuery {
  workspaceId: WorkspaceId
  status: 'open' | 'closed'
  /** An agent, nobody (null), or anyone (missing). */
  assignee?: AgentId | null
  /** The last row of the page before: rows after it in the order (updatedAt, id) descending. */
  before?: { updatedAt: number; id: ConversationId }
  limit: number
}

/** How a batch goes on, for whoever does not wait for its slowest visitor. */
export interface Progress {
  /** Called once for each change, as soon as its outcome is durable. */
  settled(index: number, outcome: Outcome): void
  /** The next batch may begin: only visitors that somebody else has locked are left. */
  ready(): void
}

/** Where threads live. Postgres in service, a Map in unit tests; `registerStoreContract` holds both to the same rules. */
export interface ConversationStore {
  /**
   * Locks each visitor, finds known clientMessageIds, calls the decisions in the given order, appends their events and commits, for
   * all visitors of the batch together. One that somebody else has locked gets a transaction of its own, so that it stalls nobody. Outcomes come in the order of the changes. Numbers of a stream are taken under the lock, so their order is the order
   * of commits, without gaps. Throws only if nothing at all is known to be committed.
   */
  change(changes: readonly Change[], progress?: Progress): Promise<Outcome[]>
  /** Undefined if there is no such visitor. */
  thread(query: ThreadQuery): Promise<ThreadRead | undefined>
  /** `message.sent` events alone, oldest first; undefined if there is no such visitor. With a cursor: the oldest after it. */
  messages(query: MessagesQuery): Promise<MessagesRead | undefined>
  list(query: ListQuery): Promise<AgentsConversation[]>
  /** Raises one side's read mark, never lowers it; the mark that holds afterwards, or undefined if there is no conversation. */
  markRead(mark: {
    workspaceId: WorkspaceId
    visitorId: VisitorId
    by: 'visitor' | 'agents'
    seq: number
  }): Promise<{ seq: number; raised: boolean } | undefined>
}

export interface MessagesRead {
  /** The newest timestamp of the visitor's streams. */
  lastTimestamp: number
  messages: StoredEventOf<'message.sent'>[]
  /** As of a thread. */
  hasMore: boolean
  /** Where no messages come after the cursor: the timestamp of the newest event of the public stream up to it, 0 if there is none. */
  reached: number
  /** The clock that gives events their timestamps, at this reading. */
  now: number
}

/** Who is told of an event. `origin` is the socket that caused it, where the published protocol leaves out its own echo. */
export interface Told {
  workspaceId: WorkspaceId
  visitorId: VisitorId
  audience: Audience
  event: StoredEvent | FleetingEvent
  origin?: string
}

/** `both`: the visitor and all agents. */
export type Audience = 'both' | 'agents' | { agents: AgentId[] }

/** Live push, best effort: called after the commit, never awaited for the reply, may lose what it is given. */
export interface Publisher {
  publish(told: readonly Told[]): void
}

/** Names for new things; the stores take it. */
export interface Ids {
  next<P extends IdPrefix>(prefix: P): `${P}_${string}`
}

/** The agents of a workspace, where a use case names one. */
export interface AgentDirectory {
  findAgent(workspaceId: WorkspaceId, agentId: AgentId): Promise<AgentRef | undefined>
}
