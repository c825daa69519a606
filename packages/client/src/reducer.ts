/**
 * Snapshot + events = screen, for one visitor's thread. Pure. Numbers decide what is new (rule D3), the wire's own `evolve`
 * decides what an event means, so the head here is the head a fresh snapshot would bring.
 */
import type { Conversation, StoredEvent, ThreadPage } from '@dosti/contracts'
import { evolve, evolveRead, visitorView } from '@dosti/contracts/evolve'

export type Audience = 'visitor' | 'agent'

export interface ThreadState {
  audience: Audience
  /** False until the first page. */
  loaded: boolean
  /** Both streams without holes, in order of `timestamp`. */
  events: readonly StoredEvent[]
  /** Events that came before one with a lower number; they join once the hole is filled. */
  early: readonly StoredEvent[]
  head: Conversation | null
  seq: number
  internalSeq: number
  hasOlder: boolean
  /** The head that some page brought, with the numbers it stands for: what `head` can be folded from again. */
  base: { head: Conversation | null; seq: number; internalSeq: number }
}

/** How one side reads: everything up to a public number. */
export interface ReadMark {
  by: 'visitor' | 'agents'
  seq: number
}

/** Enough for any hiccup; what is beyond comes with the next sync. */
const EARLY_MAX = 500

/** A thread of which nothing is known yet. */
export function emptyThread(audience: Audience): ThreadState {
  const base = { head: null, seq: 0, internalSeq: 0 }
  return { audience, loaded: false, events: [], early: [], head: null, seq: 0, internalSeq: 0, hasOlder: false, base }
}

/** True while a number between two held events is missing. */
export function hasGap(state: ThreadState): boolean {
  return state.loaded && state.early.length > 0
}

/** The thread after an event: the next number is appended, a repeat changes nothing, a number too high waits. */
export function applyEvent(state: ThreadState, event: StoredEvent): ThreadState {
  // P2 holds on the server; this keeps a mistake there from reaching a visitor's screen.
  if (event.stream === 'internal' && state.audience === 'visitor') return state
  const last = lastNumber(state, event)
  if (state.loaded && event.seq <= last) return state
  if (state.loaded && event.seq === last + 1) return drain(append(state, event))
  if (state.early.some((held) => isSame(held, event)) || state.early.length >= EARLY_MAX) return state
  return { ...state, early: [...state.early, event] }
}

/** The thread after a page of events that follow, or replace, what it holds. */
export function applyPage(state: ThreadState, page: ThreadPage): ThreadState {
  const next = page.snapshot || !state.loaded ? replace(state, page) : page.events.reduce(applyEvent, state)
  const internalSeq = page.internalSeq ?? 0
  const { conversation } = page
  if (conversation === null) return next
  const marked = applyRead(applyRead(next, { by: 'visitor', seq: conversation.readByVisitor }), {
    by: 'agents',
    seq: conversation.readByAgents,
  })
  if (marked.seq !== page.seq || marked.internalSeq !== internalSeq) return marked
  // The page stands exactly where we do: its head is the truth, but for read marks that overtook it.
  const head = withMarks(conversation, marked.head)
  return { ...marked, head, base: { head, seq: page.seq, internalSeq } }
}

/** The thread with a page of what came before `before`; ignored when the thread was replaced since it was asked for. */
export function applyOlderPage(state: ThreadState, page: ThreadPage, before: number): ThreadState {
  if (state.events[0]?.timestamp !== before) return state
  const older = page.events.filter((event) => event.timestamp < before)
  return { ...state, events: [...older, ...state.events], hasOlder: page.hasOlder && older.length > 0 }
}

/** The thread after one side has read; a lower mark changes nothing. */
export function applyRead(state: ThreadState, mark: ReadMark): ThreadState {
  if (state.head === null) return state
  const held = mark.by === 'visitor' ? state.head.readByVisitor : state.head.readByAgents
  return Math.min(mark.seq, state.head.seq) <= held ? state : { ...state, head: evolveRead(state.head, mark) }
}

/** What a screen shows: held events, and early ones too, since a late number is no reason to hide a message that is there. */
export function shownEvents(state: ThreadState): readonly StoredEvent[] {
  return state.early.length === 0 ? state.events : [...state.events, ...state.early].sort(byTimestamp)
}

/** The head after an event, also after one of a later version of the wire, which only counts. */
export function evolveHead(head: Conversation | null, event: StoredEvent, audience: Audience): Conversation | null {
  const next = evolve(head, event) as Conversation | undefined
  if (next !== undefined) return audience === 'visitor' ? visitorView(next) : next
  if (head === null) return null
  return event.stream === 'public' ? { ...head, seq: event.seq } : { ...head, internalSeq: event.seq }
}

function replace(state: ThreadState, page: ThreadPage): ThreadState {
  const internalSeq = page.internalSeq ?? 0
  const base = { head: page.conversation, seq: page.seq, internalSeq }
  const ahead = [...state.events, ...state.early].filter(
    (event) => event.seq > (event.stream === 'public' ? page.seq : internalSeq),
  )
  const head = page.conversation === null ? null : withMarks(page.conversation, state.head)
  return drain({
    ...state,
    loaded: true,
    events: page.events,
    early: ahead,
    head,
    seq: page.seq,
    internalSeq,
    hasOlder: page.hasOlder,
    base,
  })
}

function append(state: ThreadState, event: StoredEvent): ThreadState {
  const numbers = event.stream === 'public' ? { seq: event.seq } : { internalSeq: event.seq }
  const latest = state.events.at(-1)
  if (latest === undefined || latest.timestamp < event.timestamp) {
    return {
      ...state,
      ...numbers,
      events: [...state.events, event],
      head: evolveHead(state.head, event, state.audience),
    }
  }
  // The other stream was faster. What an event means may depend on the one before it, so the head is folded anew in order.
  const events = [...state.events, event].sort(byTimestamp)
  return { ...state, ...numbers, events, head: fold(state, events) }
}

function fold(state: ThreadState, events: readonly StoredEvent[]): Conversation | null {
  const { base, audience, head: held } = state
  const isAfterBase = (event: StoredEvent) => event.seq > (event.stream === 'public' ? base.seq : base.internalSeq)
  return events
    .filter(isAfterBase)
    .reduce((head, event) => withMarks(evolveHead(head, event, audience), held), base.head)
}

/** A head with the read marks of another one of its conversation, where those are higher. */
export function withMarks<H extends Conversation | null>(head: H, marks: Conversation | null): H {
  if (head === null || marks === null) return head
  const read = evolveRead(head, { by: 'visitor', seq: marks.readByVisitor })
  return evolveRead(read, { by: 'agents', seq: marks.readByAgents })
}

function drain(state: ThreadState): ThreadState {
  let next = state
  for (;;) {
    const ready = next.early.filter((event) => event.seq === lastNumber(next, event) + 1).sort(byTimestamp)[0]
    const early = next.early.filter((event) => event !== ready && event.seq > lastNumber(next, event))
    if (ready === undefined) return early.length === next.early.length ? next : { ...next, early }
    next = append({ ...next, early }, ready)
  }
}

function lastNumber(state: ThreadState, event: StoredEvent): number {
  return event.stream === 'public' ? state.seq : state.internalSeq
}

function isSame(a: StoredEvent, b: StoredEvent): boolean {
  return a.stream === b.stream && a.seq === b.seq
}

function byTimestamp(a: StoredEvent, b: StoredEvent): number {
  return a.timestamp - b.timestamp
}
