/**
 * Nothing typed is lost: a message is shown at once, kept across reloads, sent in order, one at a time per thread, and
 * sent again under the same name until the server has said yes or a final no (rule D2 makes the repeat harmless). The tabs
 * of one scope show the same messages, and one of them at a time sends for all.
 */
import type { ErrorCode, StoredEvent } from '@dosti/contracts'
import { newClientMessageId } from './client-message-id.ts'
import { backoffMs, realClock, type Clock } from './clock.ts'
import type { Connection } from './connection.ts'
import {
  byWriting,
  keepMessages,
  type ChangeElsewhere,
  type KeptMessages,
  type PendingMessage,
} from './kept-messages.ts'
import type { KeyValueStore } from './key-value-store.ts'
import { asRequestError, toWire, type RequestError } from './request-error.ts'
import { createSignal, createStore, type Store } from './store.ts'
import { browserTurns, type Turns } from './turns.ts'
import { isToBeSent } from './unsent.ts'

export interface Outbox {
  /** All threads and tabs together, in the order they were written. */
  pending: Store<readonly PendingMessage[]>
  send: (message: OutgoingMessage) => PendingMessage
  /** Tries a failed one again, after those already waiting in its thread. */
  retry: (clientMessageId: string) => void
  discard: (clientMessageId: string) => void
  /** This event is in the log: should it be one of ours, it is sent. */
  stored: (event: StoredEvent) => void
  /** The stored event of a message of this outbox, told before the message leaves `pending`. */
  onSettled: (listener: (event: StoredEvent) => void) => () => void
  /** Stops sending; what is pending stays in storage, for another tab or the next page. */
  close: () => void
}

/** What somebody wrote; agents name the visitor. */
export interface OutgoingMessage {
  kind: 'message' | 'note'
  text: string
  visitorId?: string | undefined
  visitorName?: string | undefined
  /** The highest public number that the writer has seen. */
  readTo?: number | undefined
}

export interface OutboxOptions {
  connection: Connection
  storage: KeyValueStore
  /** Separates people who share a browser: an agent's id, or a public key. */
  scope: string
  clock?: Clock
  /** Decides which tab sends. */
  turns?: Turns
}

/** So many times may the server fail at the same message before it must not block those behind it. */
const INTERNAL_FAILURES_MAX = 5

/** An outbox that goes on with what an earlier page of the same scope left behind. */
export function createOutbox(options: OutboxOptions): Outbox {
  return new StoredOutbox(options)
}

class StoredOutbox implements Outbox {
  readonly pending = createStore<readonly PendingMessage[]>([])
  readonly #settled = createSignal<StoredEvent>()
  readonly #options: OutboxOptions
  readonly #clock: Clock
  readonly #kept: KeptMessages
  readonly #turns: Turns
  /** Our turn to send, had or waited for. */
  #turn: { isOurs: boolean; end: () => void } | null = null
  /** Threads with a request under way, or waiting for the next try. */
  readonly #busy = new Set<string | null>()
  readonly #waiting = new Map<string | null, () => void>()
  /** Of each message: how often a try failed, and how often by the server's own fault. */
  readonly #failures = new Map<string, { tries: number; internal: number }>()
  readonly #unsubscribe: (() => void)[]
  #closed = false

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#clock = options.clock ?? realClock
    this.#turns = options.turns ?? browserTurns
    this.#kept = keepMessages(options.storage, options.scope)
    this.#restore()
    this.#unsubscribe = [
      options.connection.status.subscribe(() => this.#work()),
      options.connection.onStored((event) => this.stored(event)),
      this.pending.subscribe(() => this.#work()),
      this.#kept.watch((change) => this.#changedElsewhere(change)),
    ]
    this.#work()
  }

  send({ kind, text, visitorId, visitorName, readTo }: OutgoingMessage): PendingMessage {
    const last = this.pending.get().at(-1)?.createdAt ?? 0
    const message: PendingMessage = {
      clientMessageId: newClientMessageId(),
      kind,
      visitorId: visitorId ?? null,
      visitorName: visitorName ?? null,
      text,
      readTo,
      createdAt: Math.max(last + 1, this.#clock.now()),
      state: 'sending',
      error: null,
    }
    this.#put(message)
    return message
  }

  retry(clientMessageId: string): void {
    const message = this.#find(clientMessageId)
    if (message === undefined || message.state === 'sending') return
    const last = this.pending.get().at(-1)?.createdAt ?? 0
    this.#failures.delete(clientMessageId)
    // After a conflict the old name belongs to another text for good.
    const name = message.error?.code === 'message.conflict' ? newClientMessageId() : clientMessageId
    this.#drop(clientMessageId)
    this.#put({
      ...message,
      clientMessageId: name,
      createdAt: Math.max(last + 1, this.#clock.now()),
      state: 'sending',
      error: null,
    })
  }

  discard(clientMessageId: string): void {
    this.#drop(clientMessageId)
  }

  stored(event: StoredEvent): void {
    this.#settle(event)
  }

  onSettled(listener: (event: StoredEvent) => void): () => void {
    return this.#settled.on(listener)
  }

  close(): void {
    this.#closed = true
    for (const stop of this.#unsubscribe) stop()
    for (const cancel of this.#waiting.values()) cancel()
    this.#endTurn()
  }

  /** Takes the turn while there is something to send and a way to send it, and sends. */
  #work(): void {
    const waiting = this.pending.get().filter((message) => message.state === 'sending')
    const isOnline = this.#options.connection.status.get().kind === 'online'
    if (this.#closed || waiting.length === 0 || !isOnline) this.#endTurn()
    else if (this.#turn === null) this.#takeTurn()
    else for (const thread of new Set(waiting.map((message) => message.visitorId))) this.#pump(thread)
  }

  #takeTurn(): void {
    const turn = { isOurs: false, end: () => {} }
    this.#turn = turn
    const end = this.#turns.take(`dosti:outbox:${this.#options.scope}`, () => {
      if (this.#turn !== turn) return
      turn.isOurs = true
      // A page that slept was not told what was written in the others.
      this.#restore()
      this.#work()
    })
    turn.end = end
    if (this.#turn !== turn) end()
  }

  #endTurn(): void {
    const turn = this.#turn
    this.#turn = null
    turn?.end()
  }

  #pump(thread: string | null): void {
    if (this.#turn?.isOurs !== true || this.#busy.has(thread) || this.#waiting.has(thread)) return
    const message = this.pending.get().find((item) => item.visitorId === thread && item.state === 'sending')
    if (message === undefined) return
    this.#busy.add(thread)
    void this.#carry(message)
  }

  async #carry(message: PendingMessage): Promise<void> {
    try {
      this.#settle(await this.#request(message))
    } catch (error) {
      this.#refused(message, asRequestError(error))
    }
    this.#busy.delete(message.visitorId)
    this.#work()
  }

  async #request({
    kind,
    text,
    clientMessageId,
    visitorId,
    visitorName,
    readTo,
  }: PendingMessage): Promise<StoredEvent> {
    const { connection } = this.#options
    if (kind === 'note' && visitorId !== null) {
      return (await connection.request('note.add', { visitorId, text, clientMessageId })).event
    }
    const stream = visitorId === null ? {} : { visitorId }
    const name = visitorName === null ? {} : { visitorName }
    const read = readTo === undefined ? {} : { readTo }
    return (await connection.request('message.send', { ...stream, ...name, ...read, text, clientMessageId })).event
  }

  #refused(message: PendingMessage, error: RequestError): void {
    if (this.#closed || this.#find(message.clientMessageId) === undefined) return
    const before = this.#failures.get(message.clientMessageId) ?? { tries: 0, internal: 0 }
    const tries = before.tries + 1
    const internal = before.internal + (error.code === 'internal' ? 1 : 0)
    this.#failures.set(message.clientMessageId, { tries, internal })
    // A session that ended, or a visitor's token, is renewed by the connection; the message waits for that.
    const isRenewed = error.code.startsWith('auth.') || error.code === 'visitor.token_required'
    const again = error.retryable ? internal < INTERNAL_FAILURES_MAX : isRenewed
    if (!again) {
      this.#put({ ...message, state: 'failed', error: toWire(error) })
      return
    }
    const thread = message.visitorId
    const cancel = this.#clock.after(Math.max(error.retryAfterMs ?? 0, backoffMs(tries, this.#clock)), () => {
      this.#waiting.delete(thread)
      this.#work()
    })
    this.#waiting.set(thread, cancel)
  }

  /** Our message is stored, whether its reply, its event or another tab says so. */
  #settle(event: StoredEvent, elsewhere = false): void {
    const name = event.name === 'message.sent' || event.name === 'note.added' ? event.data.clientMessageId : undefined
    const message = name === undefined ? undefined : this.#find(name)
    if (message === undefined || (message.visitorId !== null && message.visitorId !== event.visitorId)) return
    this.#settled.emit(event)
    if (!elsewhere) this.#kept.settle(message.clientMessageId, event)
    this.#forget(message.clientMessageId)
  }

  #changedElsewhere(change: ChangeElsewhere): void {
    if (change.what === 'put') this.#show(change.message)
    else if (change.what === 'removed') this.#forget(change.clientMessageId)
    else this.#settle(change.event, true)
  }

  #find(clientMessageId: string): PendingMessage | undefined {
    return this.pending.get().find((message) => message.clientMessageId === clientMessageId)
  }

  #put(message: PendingMessage): void {
    this.#kept.put(message)
    this.#show(message)
  }

  #show(message: PendingMessage): void {
    const others = this.pending.get().filter((other) => other.clientMessageId !== message.clientMessageId)
    this.pending.set([...others, message].sort(byWriting))
  }

  #drop(clientMessageId: string): void {
    this.#kept.remove(clientMessageId)
    this.#forget(clientMessageId)
  }

  #forget(clientMessageId: string): void {
    this.#failures.delete(clientMessageId)
    if (this.#find(clientMessageId) === undefined) return
    this.pending.set(this.pending.get().filter((message) => message.clientMessageId !== clientMessageId))
  }

  /** Adds what storage holds and we do not know; what we know stays, even if the page has emptied its storage. */
  #restore(): void {
    const missed = this.#kept.all().filter((kept) => this.#find(kept.clientMessageId) === undefined)
    if (missed.length === 0) return
    this.pending.set([...this.pending.get(), ...missed.map((kept) => this.#refreshed(kept))].sort(byWriting))
  }

  #refreshed(message: PendingMessage): PendingMessage {
    if (message.state === 'failed' || isToBeSent(message, this.#clock.now())) return message
    const code: ErrorCode = 'service.unavailable'
    return { ...message, state: 'failed', error: { code, message: 'This message was not sent in time.' } }
  }
}
