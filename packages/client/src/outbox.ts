/**
 * Nothing typed is lost: a message is shown at once, kept across reloads, sent in order, one at a time per thread, and
 * sent again under the same name until the server has said yes or a final no (rule D2 makes the repeat harmless).
 */
import type { ErrorCode, StoredEvent, WireError } from '@dosti/contracts'
import { newClientMessageId } from './client-message-id.ts'
import { backoffMs, realClock, type Clock } from './clock.ts'
import type { Connection } from './connection.ts'
import type { KeyValueStore } from './key-value-store.ts'
import { asRequestError, toWire, type RequestError } from './request-error.ts'
import { createSignal, createStore, type Store } from './store.ts'

/** A message or note on its way. */
export interface PendingMessage {
  clientMessageId: string
  kind: 'message' | 'note'
  /** Null for a visitor, who writes to its own thread. */
  visitorId: string | null
  visitorName: string | null
  text: string
  /** Rises strictly within an outbox. */
  createdAt: number
  state: 'sending' | 'failed'
  /** Why it failed; null while it is on its way. */
  error: WireError | null
}

export interface Outbox {
  /** All threads together, in the order they were written. */
  pending: Store<readonly PendingMessage[]>
  send: (message: OutgoingMessage) => PendingMessage
  /** Tries a failed one again, after those already waiting in its thread. */
  retry: (clientMessageId: string) => void
  discard: (clientMessageId: string) => void
  /** The stored event of a message of this outbox, told before the message leaves `pending`. */
  onSettled: (listener: (event: StoredEvent) => void) => () => void
  /** Stops sending; what is pending stays in storage. */
  close: () => void
}

/** What somebody wrote; agents name the visitor. */
export interface OutgoingMessage {
  kind: 'message' | 'note'
  text: string
  visitorId?: string | undefined
  visitorName?: string | undefined
}

export interface OutboxOptions {
  connection: Connection
  storage: KeyValueStore
  /** Separates people who share a browser: an agent's id, or a public key. */
  scope: string
  clock?: Clock
}

/** A message found at a reload after longer than this is offered again, not sent behind its writer's back. */
const STALE_AFTER_MS = 60 * 60 * 1000
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
  readonly #prefix: string
  /** Threads with a request under way, or waiting for the next try. */
  readonly #busy = new Set<string | null>()
  readonly #waiting = new Map<string | null, () => void>()
  readonly #failures = new Map<string, number>()
  readonly #unsubscribe: (() => void)[]
  #closed = false

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#clock = options.clock ?? realClock
    this.#prefix = `dosti:outbox:${options.scope}:`
    this.pending.set(this.#restore())
    this.#unsubscribe = [
      options.connection.status.subscribe(() => this.#pumpAll()),
      options.connection.onStored((event) => this.#settle(event)),
    ]
    this.#pumpAll()
  }

  send({ kind, text, visitorId, visitorName }: OutgoingMessage): PendingMessage {
    const last = this.pending.get().at(-1)?.createdAt ?? 0
    const message: PendingMessage = {
      clientMessageId: newClientMessageId(),
      kind,
      visitorId: visitorId ?? null,
      visitorName: visitorName ?? null,
      text,
      createdAt: Math.max(last + 1, this.#clock.now()),
      state: 'sending',
      error: null,
    }
    this.#put(message)
    this.#pump(message.visitorId)
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
    this.#pump(message.visitorId)
  }

  discard(clientMessageId: string): void {
    this.#drop(clientMessageId)
  }

  onSettled(listener: (event: StoredEvent) => void): () => void {
    return this.#settled.on(listener)
  }

  close(): void {
    this.#closed = true
    for (const stop of this.#unsubscribe) stop()
    for (const cancel of this.#waiting.values()) cancel()
  }

  #pumpAll(): void {
    for (const thread of new Set(this.pending.get().map((message) => message.visitorId))) this.#pump(thread)
  }

  #pump(thread: string | null): void {
    if (this.#closed || this.#busy.has(thread) || this.#waiting.has(thread)) return
    if (this.#options.connection.status.get().kind !== 'online') return
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
    this.#pump(message.visitorId)
  }

  async #request({ kind, text, clientMessageId, visitorId, visitorName }: PendingMessage): Promise<StoredEvent> {
    const { connection } = this.#options
    if (kind === 'note' && visitorId !== null) {
      return (await connection.request('note.add', { visitorId, text, clientMessageId })).event
    }
    const stream = visitorId === null ? {} : { visitorId }
    const name = visitorName === null ? {} : { visitorName }
    return (await connection.request('message.send', { ...stream, ...name, text, clientMessageId })).event
  }

  #refused(message: PendingMessage, error: RequestError): void {
    if (this.#closed || this.#find(message.clientMessageId) === undefined) return
    const tries = (this.#failures.get(message.clientMessageId) ?? 0) + 1
    this.#failures.set(message.clientMessageId, tries)
    // A session that ended is renewed on the line; the message waits for that.
    const again = error.retryable
      ? error.code !== 'internal' || tries < INTERNAL_FAILURES_MAX
      : error.code.startsWith('auth.')
    if (!again) {
      this.#put({ ...message, state: 'failed', error: toWire(error) })
      return
    }
    const thread = message.visitorId
    const cancel = this.#clock.after(Math.max(error.retryAfterMs ?? 0, backoffMs(tries, this.#clock)), () => {
      this.#waiting.delete(thread)
      this.#pump(thread)
    })
    this.#waiting.set(thread, cancel)
  }

  /** Our message is stored, whether its reply or its event says so. */
  #settle(event: StoredEvent): void {
    const name = event.name === 'message.sent' || event.name === 'note.added' ? event.data.clientMessageId : undefined
    const message = name === undefined ? undefined : this.#find(name)
    if (message === undefined || (message.visitorId !== null && message.visitorId !== event.visitorId)) return
    this.#settled.emit(event)
    this.#drop(message.clientMessageId)
  }

  #find(clientMessageId: string): PendingMessage | undefined {
    return this.pending.get().find((message) => message.clientMessageId === clientMessageId)
  }

  #put(message: PendingMessage): void {
    this.#options.storage.set(this.#prefix + message.clientMessageId, JSON.stringify(message))
    const others = this.pending.get().filter((other) => other.clientMessageId !== message.clientMessageId)
    this.pending.set([...others, message].sort((a, b) => a.createdAt - b.createdAt))
  }

  #drop(clientMessageId: string): void {
    this.#failures.delete(clientMessageId)
    this.#options.storage.remove(this.#prefix + clientMessageId)
    this.pending.set(this.pending.get().filter((message) => message.clientMessageId !== clientMessageId))
  }

  #restore(): PendingMessage[] {
    const { storage } = this.#options
    const messages = storage.keys(this.#prefix).flatMap((key) => readPending(storage.get(key)))
    return messages.map((message) => this.#refreshed(message)).sort((a, b) => a.createdAt - b.createdAt)
  }

  #refreshed(message: PendingMessage): PendingMessage {
    if (message.state === 'failed' || this.#clock.now() - message.createdAt < STALE_AFTER_MS) return message
    const code: ErrorCode = 'service.unavailable'
    return { ...message, state: 'failed', error: { code, message: 'This message was not sent in time.' } }
  }
}

function readPending(text: string | null): PendingMessage[] {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    return isPending(value) ? [value] : []
  } catch {
    return []
  }
}

/** What storage holds was written by this page's origin, perhaps by another version: anything odd is left alone. */
function isPending(value: unknown): value is PendingMessage {
  if (typeof value !== 'object' || value === null) return false
  const fields: Partial<Record<keyof PendingMessage, unknown>> = value
  return (
    typeof fields.clientMessageId === 'string' &&
    typeof fields.text === 'string' &&
    typeof fields.createdAt === 'number' &&
    (fields.kind === 'message' || fields.kind === 'note') &&
    (fields.state === 'sending' || fields.state === 'failed') &&
    (fields.visitorId === null || typeof fields.visitorId === 'string')
  )
}
