/** One visitor's thread, live: the reducer fed by events, replies and syncs, with what is still on its way behind it. */
import type { Conversation, StoredEvent, ThreadPage } from '@dosti/contracts'
import { backoffMs, realClock, type Clock } from './clock.ts'
import { roadOf, type Connection } from './connection.ts'
import type { PendingMessage } from './kept-messages.ts'
import type { Outbox } from './outbox.ts'
import {
  applyEvent,
  applyOlderPage,
  applyPage,
  applyRead,
  emptyThread,
  hasGap,
  shownEvents,
  type Audience,
  type ThreadState,
} from './reducer.ts'
import { asRequestError, type RequestError } from './request-error.ts'
import { createStore, type Store } from './store.ts'
import { createSync, type Sync } from './sync.ts'

/** What a screen needs of a thread. */
export interface ThreadView {
  phase: 'loading' | 'ready' | 'failed'
  /** Why it failed; null otherwise. */
  error: RequestError | null
  /** Both streams, oldest first. */
  events: readonly StoredEvent[]
  /** Behind the events: what is not stored yet. A message is in exactly one of the two lists. */
  pending: readonly PendingMessage[]
  conversation: Conversation | null
  hasOlder: boolean
  loadingOlder: boolean
  /** Some number is missing and being fetched. */
  gap: boolean
  seq: number
  internalSeq: number
}

export interface Thread {
  view: Store<ThreadView>
  send: (text: string) => void
  /** Agents only. */
  addNote: (text: string) => void
  /** Does nothing while it loads already, or when there is nothing older. */
  loadOlder: () => Promise<void>
  /** Everything shown was read. Told at most once a second, and only when it says something new. */
  markRead: () => void
  /** Tries again after `failed`. */
  refresh: () => void
  close: () => void
}

export interface ThreadOptions {
  connection: Connection
  outbox: Outbox
  audience: Audience
  /** Agents name the visitor. */
  visitorId?: string
  clock?: Clock
}

/** Read marks are told at most this often. */
const READ_EVERY_MS = 1000

/** A thread that loads as soon as there is a connection, and catches up after every break until it is closed. */
export function openThread(options: ThreadOptions): Thread {
  return new LiveThread(options)
}

class LiveThread implements Thread {
  readonly view
  readonly #options: ThreadOptions
  readonly #clock: Clock
  readonly #sync: Sync
  readonly #unsubscribe: (() => void)[]
  #state: ThreadState
  #error: RequestError | null = null
  #loadingOlder = false
  #readTold = 0
  /** Still to be told, up to this number: the last mark is too fresh, or did not arrive. */
  #readWanted = 0
  #readFailures = 0
  #cancelRead: (() => void) | null = null
  #road: 'line' | 'http' | null = null
  /** Who the server takes us for, if we are a visitor. */
  #visitorId: string | undefined
  #closed = false

  constructor(options: ThreadOptions) {
    this.#options = options
    this.#clock = options.clock ?? realClock
    this.#state = emptyThread(options.audience)
    this.view = createStore(this.#look())
    const { connection, outbox, visitorId, clock } = options
    this.#sync = createSync({
      connection,
      visitorId,
      clock,
      state: () => this.#state,
      apply: (page) => this.#apply(page),
      forget: () => this.#forget(),
      fail: (error) => this.#fail(error),
    })
    this.#unsubscribe = [
      connection.onStored((event) => this.#told(event)),
      outbox.onSettled((event) => this.#told(event)),
      outbox.pending.subscribe(() => this.#show()),
      connection.status.subscribe(() => this.#statusChanged()),
      connection.on('conversation.read', (mark) => {
        if (this.#isMine(mark.visitorId)) this.#become(applyRead(this.#state, mark))
      }),
    ]
    this.#statusChanged()
  }

  send(text: string): void {
    const { visitorId } = this.#options
    this.#options.outbox.send({ kind: 'message', text, visitorId, readTo: this.#state.seq })
  }

  addNote(text: string): void {
    this.#options.outbox.send({ kind: 'note', text, visitorId: this.#options.visitorId })
  }

  async loadOlder(): Promise<void> {
    const before = this.#state.events[0]?.timestamp
    if (this.#loadingOlder || !this.#state.hasOlder || before === undefined) return
    this.#loadingOlder = true
    this.#show()
    try {
      const page = await this.#options.connection.request('conversation.sync', { ...this.#stream(), before })
      if (!this.#closed) {
        this.#state = applyOlderPage(this.#state, page, before)
        for (const event of page.events) this.#options.outbox.stored(event)
      }
    } catch {
      // The list stays as it is; scrolling up asks again.
    }
    this.#loadingOlder = false
    this.#show()
  }

  markRead(): void {
    const { head, seq, audience } = this.#state
    const held = audience === 'visitor' ? head?.readByVisitor : head?.readByAgents
    if (held === undefined || seq <= Math.max(held, this.#readTold)) return
    this.#readWanted = seq
    if (this.#cancelRead === null) this.#tellRead()
  }

  refresh(): void {
    this.#error = null
    this.#show()
    this.#sync.now()
  }

  close(): void {
    if (this.#readWanted > 0) this.#tellRead()
    this.#closed = true
    this.#sync.close()
    this.#cancelRead?.()
    for (const stop of this.#unsubscribe) stop()
  }

  #tellRead(): void {
    const seq = this.#readWanted
    this.#readWanted = 0
    this.#readTold = seq
    this.#tellReadLater(READ_EVERY_MS)
    this.#options.connection.request('conversation.read', { ...this.#stream(), seq }).then(
      () => {
        this.#readFailures = 0
        this.#become(applyRead(this.#state, { by: this.#state.audience === 'visitor' ? 'visitor' : 'agents', seq }))
      },
      (thrown: unknown) => {
        // A later mark says this one too.
        if (this.#closed || this.#readTold !== seq) return
        this.#readTold = 0
        const { code, retryable, retryAfterMs } = asRequestError(thrown)
        // What the server fails at waits for the next look at the thread.
        if (!retryable || code === 'internal') return
        this.#readWanted = Math.max(this.#readWanted, seq)
        this.#readFailures += 1
        this.#tellReadLater(Math.max(retryAfterMs ?? 0, READ_EVERY_MS, backoffMs(this.#readFailures, this.#clock)))
      },
    )
  }

  #tellReadLater(ms: number): void {
    this.#cancelRead?.()
    this.#cancelRead = this.#clock.after(ms, () => {
      this.#cancelRead = null
      if (this.#readWanted > 0) this.#tellRead()
    })
  }

  #told(event: StoredEvent): void {
    if (this.#closed || !this.#isMine(event.visitorId)) return
    this.#become(applyEvent(this.#state, event))
    if (hasGap(this.#state)) this.#sync.soon()
  }

  #apply(page: ThreadPage): void {
    this.#error = null
    this.#become(applyPage(this.#state, page))
    for (const event of page.events) this.#options.outbox.stored(event)
    this.#show()
  }

  #fail(error: RequestError): void {
    this.#error = asRequestError(error)
    this.#show()
  }

  #statusChanged(): void {
    const status = this.#options.connection.status.get()
    const road = roadOf(status)
    if (status.kind === 'online') {
      // A visitor whose token was refused comes back as somebody else, with a stream of its own.
      const { visitorId } = status.welcome
      if (this.#visitorId !== undefined && this.#visitorId !== visitorId) this.#forget()
      this.#visitorId = visitorId
    }
    // Whatever was told in between was missed; asking is cheap when nothing was.
    if (road !== null && road !== this.#road) this.#sync.resume()
    this.#road = road
  }

  #forget(): void {
    this.#readTold = 0
    this.#readWanted = 0
    this.#become(emptyThread(this.#options.audience))
  }

  #isMine(visitorId: string): boolean {
    const mine = this.#options.visitorId ?? this.#visitorId
    return mine === undefined || mine === visitorId
  }

  #stream(): { visitorId?: string } {
    return this.#options.visitorId === undefined ? {} : { visitorId: this.#options.visitorId }
  }

  #become(state: ThreadState): void {
    if (state === this.#state) return
    this.#state = state
    this.#show()
  }

  #show(): void {
    if (!this.#closed) this.view.set(this.#look())
  }

  #look(): ThreadView {
    const { loaded, head, hasOlder, seq, internalSeq } = this.#state
    const events = shownEvents(this.#state)
    return {
      phase: this.#error === null ? (loaded ? 'ready' : 'loading') : 'failed',
      error: this.#error,
      events,
      pending: notStored(this.#minePending(), events),
      conversation: head,
      hasOlder,
      loadingOlder: this.#loadingOlder,
      gap: hasGap(this.#state),
      seq,
      internalSeq,
    }
  }

  #minePending(): PendingMessage[] {
    const thread = this.#options.visitorId ?? null
    return this.#options.outbox.pending.get().filter((message) => message.visitorId === thread)
  }
}

function notStored(pending: PendingMessage[], events: readonly StoredEvent[]): PendingMessage[] {
  if (pending.length === 0) return pending
  const stored = new Set<string | undefined>()
  for (const event of events) if ('clientMessageId' in event.data) stored.add(event.data.clientMessageId)
  return pending.filter((message) => !stored.has(message.clientMessageId))
}
