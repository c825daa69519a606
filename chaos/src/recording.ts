/** What a run leaves behind for the checker: every send and its outcome, and everything that every client was told. */

/** Bodies carry their owner between number signs, so that one expression finds every owner in whatever bytes arrive. */
const OWNER = /#([a-z0-9.-]+)#/g

/** The mark of a thread in a body; `internal` for notes, which no visitor may see. */
export const ownerMark = (owner: string): string => `#${owner}#`

/** The owners that a text names, with how often. Pure. */
export function ownersIn(text: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const [, owner = ''] of text.matchAll(OWNER)) found.set(owner, (found.get(owner) ?? 0) + 1)
  return found
}

/** One message as its sender knows it. */
export interface Send {
  workspaceId: string
  visitorId: string
  /** `internal` for notes, which no visitor may see. */
  stream: 'public' | 'internal'
  /** The client that sent; its sends are in its own order. */
  party: string
  /** Unique over the run. */
  text: string
  /** Null for a published client that gives none. */
  clientMessageId: string | null
  /** `ok`: acknowledged at least once. `unknown`: no answer, or one that leaves it open. `fail`: refused for good. */
  outcome: 'ok' | 'unknown' | 'fail'
  /** By the harness's clock, as `at`. */
  sentAt: number
  /** Every acknowledgement; all must be the same. */
  acks: { id: string; timestamp: number; at: number }[]
  /** Attempts whose outcome is open: each may have stored a message of its own if there is no id to know it by. */
  openAttempts: number
  /** Why it failed for good. */
  code?: string
}

/** An event as a client was told it. */
export interface Item {
  visitorId: string
  id: string
  text: string | null
  /** Of clients of the extended protocol. */
  seq?: number
  stream?: 'public' | 'internal'
  timestamp: number
}

/** One client, all its connections together. */
export interface Party {
  name: string
  workspaceId: string
  /** Whose thread it follows; `all` for agents. */
  visitorId: string
  /**
   * `numbered` holds both streams by number and must be whole; `polled` follows `lastTimestamp` and must be whole, in order and
   * without repeats; `pushed` hears what comes while it is connected, without repeats and with nothing left out.
   */
  sees: 'numbered' | 'polled' | 'pushed'
  /** In the order in which it holds them. */
  items: Item[]
  /** What it was told twice where nothing allows it. */
  repeats: Item[]
  /** When it was connected, if it is `pushed`; by the harness's clock. */
  there: { from: number; until: number }[]
  /** How often each owner's mark was in the bytes it received. */
  owners: Map<string, number>
  bytes: number
}

/** One try to send or ask, for the rules about time. */
export interface Attempt {
  party: string
  visitorId: string
  /** As in the table of operations, or `poll`. */
  operation: string
  startedAt: number
  tookMs: number
  /** `lost`: the connection ended or no answer came. */
  outcome: 'ok' | 'refused' | 'lost'
  code?: string
}

/** An event as Postgres holds it at the end. */
export interface LogEvent {
  workspaceId: string
  visitorId: string
  stream: 'public' | 'internal'
  seq: number
  id: string
  name: string
  timestamp: number
  sender: string | null
  clientMessageId: string | null
  text: string | null
}

/** An alert row, and how often each agent's client heard it on one connection, at most. */
export interface AlertRecord {
  alertId: string
  workspaceId: string
  visitorId: string
  eventSeq: number
  step: number
  status: string
  heardBy: Map<string, number>
}

/** A visitor whom nobody answers: exactly the alerts of its one message are due. */
export interface WaitingVisitor {
  workspaceId: string
  visitorId: string
}

/** Something a process did that no process may do, such as ending by itself. */
export interface Misbehaviour {
  service: string
  what: string
}

/** How long it took after a fault until everybody had everything again. */
export interface Recovery {
  fault: string
  tookMs: number
}

/** A rule of one fault beyond I1 to I7, with what was seen. */
export interface Expectation {
  fault: string
  rule: string
  held: boolean
  seen: string
}

export interface Recording {
  /** Whoever stays connected for so long has heard of a message: a node may stand still, and then has ten seconds. In milliseconds. */
  pushedWithinMs: number
  sends: Send[]
  parties: Party[]
  attempts: Attempt[]
  log: LogEvent[]
  waiting: WaitingVisitor[]
  alerts: AlertRecord[]
  misbehaviours: Misbehaviour[]
  recoveries: Recovery[]
  expectations: Expectation[]
}

/** A recording with nothing in it. */
export function emptyRecording(pushedWithinMs: number): Recording {
  return {
    pushedWithinMs,
    sends: [],
    parties: [],
    attempts: [],
    log: [],
    waiting: [],
    alerts: [],
    misbehaviours: [],
    recoveries: [],
    expectations: [],
  }
}

/** The recording as it is now. Who could not be satisfied goes on trying until its services are gone, and that is no part of it. */
export function concluded(recording: Recording): Recording {
  return {
    ...recording,
    attempts: [...recording.attempts],
    sends: recording.sends.map((send) => ({ ...send, acks: [...send.acks] })),
    parties: recording.parties.map((party) => ({
      ...party,
      items: [...party.items],
      repeats: [...party.repeats],
      owners: new Map(party.owners),
    })),
  }
}

/** A client that has heard nothing yet. */
export function newParty(of: Pick<Party, 'name' | 'workspaceId' | 'visitorId' | 'sees'>): Party {
  return { ...of, items: [], repeats: [], there: [], owners: new Map(), bytes: 0 }
}

/** Notes the bytes that a client received. */
export function hearBytes(party: Party, text: string): void {
  party.bytes += Buffer.byteLength(text)
  for (const [owner, count] of ownersIn(text)) party.owners.set(owner, (party.owners.get(owner) ?? 0) + count)
}
