/** The one way to the server for a page: opens lines, again and again, until it is told to stop or refused for good. */
import type { EventName, Hello, Input, OperationName, Output, Reply, StoredEvent, Welcome } from '@dosti/contracts'
import { PROTOCOL_VERSION } from '@dosti/contracts/names'
import { backoffMs, realClock, type Clock } from './clock.ts'
import { readReply, type Requests } from './http.ts'
import { openSocketIo, type EventPayload, type Line, type OpenLine } from './line.ts'
import { browserNetwork, type Network } from './network.ts'
import { asRequestError, neverSent, unreachable, type RequestError } from './request-error.ts'
import { createResume, type Resume } from './resume.ts'
import { createSignal, createStore, type Store } from './store.ts'

/** How things stand with the line; `refused` means that it will not try again by itself. */
export type ConnectionStatus =
  | { kind: 'idle' }
  | { kind: 'connecting' }
  | { kind: 'online'; welcome: Welcome }
  | { kind: 'reconnecting'; attempt: number; retryAt: number }
  | { kind: 'offline' }
  | { kind: 'refused'; error: RequestError }

export interface Connection extends Requests {
  status: Store<ConnectionStatus>
  /** What a thread missed; asked for several at the same moment it is one request. */
  resume: Resume
  on: <N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void) => () => void
  /** Every event that has a number, those this version does not know by name too. */
  onStored: (listener: (event: StoredEvent) => void) => () => void
  /** Starts, or tries again at once; after a refusal too. */
  connect: () => void
  /** Ends it; `connect` starts it again. */
  close: () => void
}

export interface ConnectionOptions {
  /** The gateway's origin. */
  gateway: string
  /** Fresh credentials for one handshake: tickets are good once. A rejection counts as a refusal. */
  hello: () => Promise<Omit<Hello, 'protocol'>>
  /** Asked after a refusal that will not pass by itself: `retry` once the credentials were renewed, at most twice in a row. */
  onRefused?: (error: RequestError) => 'retry' | 'stop'
  clock?: Clock
  network?: Network
  openLine?: OpenLine
}

const REQUEST_TIMEOUT_MS = 10_000
/** Covers what Socket.IO's own time-out does not: a server that takes the socket and never answers the hello. */
const HANDSHAKE_TIMEOUT_MS = 20_000
const RENEWALS_MAX = 2

/** A connection that has not begun: call `connect`. */
export function createConnection(options: ConnectionOptions): Connection {
  return new LiveConnection(options)
}

class LiveConnection implements Connection {
  readonly status = createStore<ConnectionStatus>({ kind: 'idle' })
  readonly resume = createResume((operation, input) => this.request(operation, input))
  readonly #options: ConnectionOptions
  readonly #clock: Clock
  readonly #network: Network
  readonly #told = createSignal<Told<EventName>>()
  #line: Line | null = null
  /** Rises with every dial and every end, so that a late answer of an old one is known as such. */
  #round = 0
  #dialing = false
  #failures = 0
  #renewals = 0
  /** The server asked not to be called before this time. */
  #notBefore = 0
  #cancelTimer: () => void = () => undefined
  #unwatch: (() => void) | null = null

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#clock = options.clock ?? realClock
    this.#network = options.network ?? browserNetwork
  }

  connect(): void {
    if (this.#dialing || this.status.get().kind === 'online') return
    this.#unwatch ??= this.#network.watch((what) => this.#networkChanged(what))
    this.#renewals = 0
    if (this.status.get().kind !== 'reconnecting') this.status.set({ kind: 'connecting' })
    this.#dial()
  }

  close(): void {
    this.#hangUp()
    this.#unwatch?.()
    this.#unwatch = null
    this.#failures = 0
    this.status.set({ kind: 'idle' })
  }

  on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void {
    return this.#told.on((told) => {
      if (isNamed(told, name)) listener(told.payload)
    })
  }

  onStored(listener: (event: StoredEvent) => void): () => void {
    return this.#told.on(({ payload }) => {
      if (isStored(payload)) listener(payload)
    })
  }

  async request<N extends OperationName>(operation: N, input: Input<N>): Promise<Output<N>> {
    const deadline = this.#clock.now() + REQUEST_TIMEOUT_MS
    const line = this.#line !== null && this.status.get().kind === 'online' ? this.#line : await this.#nextLine()
    const askedAt = this.#clock.now()
    let reply: Reply<Output<N>>
    try {
      reply = await line.emit(operation, input, Math.max(1, deadline - askedAt))
    } catch {
      // Silence since the question means a dead line that nobody has noticed yet.
      if (line === this.#line && line.heardAt() <= askedAt) this.#ended(unreachable())
      throw unreachable()
    }
    return readReply(reply)
  }

  /** The line once it is open; rejects when that takes too long or will not happen. */
  #nextLine(): Promise<Line> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const status = this.status.get()
        if (status.kind === 'online' && this.#line !== null) resolve(this.#line)
        else if (status.kind === 'refused') reject(status.error)
        else return
        cancel()
        unsubscribe()
      }
      const cancel = this.#clock.after(REQUEST_TIMEOUT_MS, () => {
        unsubscribe()
        reject(neverSent())
      })
      const unsubscribe = this.status.subscribe(look)
      look()
    })
  }

  #dial(): void {
    this.#hangUp()
    const round = this.#round
    this.#dialing = true
    this.#cancelTimer = this.#clock.after(HANDSHAKE_TIMEOUT_MS, () => this.#ended(unreachable()))
    this.#options.hello().then(
      (hello) => (round === this.#round ? this.#open(round, { protocol: PROTOCOL_VERSION, ...hello }) : undefined),
      (error: unknown) => {
        if (round === this.#round) this.#ended(asRequestError(error), 'credentials')
      },
    )
  }

  #open(round: number, hello: Hello): void {
    const openLine = this.#options.openLine ?? openSocketIo
    const mine = (run: () => void) => {
      if (round === this.#round) run()
    }
    this.#line = openLine(
      this.#options.gateway,
      hello,
      {
        onWelcome: (welcome) => mine(() => this.#welcomed(welcome)),
        onEvent: (name, payload) => mine(() => this.#told.emit({ name, payload })),
        onEnd: (error) => mine(() => this.#ended(error)),
      },
      this.#clock.now,
    )
  }

  #welcomed(welcome: Welcome): void {
    this.#cancelTimer()
    this.#dialing = false
    this.#failures = 0
    this.#renewals = 0
    this.#notBefore = 0
    this.status.set({ kind: 'online', welcome })
  }

  /** A line ended or did not come about; `credentials`: they could not even be fetched. */
  #ended(error: RequestError, at: 'line' | 'credentials' = 'line'): void {
    this.#hangUp()
    if (error.retryable) {
      this.#notBefore = this.#clock.now() + (error.retryAfterMs ?? 0)
      this.#later()
      return
    }
    // A ticket may have run out on the way; only a session that yields no new one has ended.
    const renewable = at === 'line' && error.code.startsWith('auth.')
    if (this.#renewals < RENEWALS_MAX && (renewable || this.#options.onRefused?.(error) === 'retry')) {
      this.#renewals += 1
      this.#dial()
      return
    }
    this.status.set({ kind: 'refused', error })
  }

  #later(): void {
    this.#failures += 1
    const now = this.#clock.now()
    const retryAt = Math.max(now + backoffMs(this.#failures, this.#clock), this.#notBefore)
    // The timer runs without a network too: browsers are sometimes wrong about it.
    this.#cancelTimer = this.#clock.after(retryAt - now, () => this.#dial())
    this.status.set(
      this.#network.online() ? { kind: 'reconnecting', attempt: this.#failures, retryAt } : { kind: 'offline' },
    )
  }

  #networkChanged(what: 'online' | 'offline' | 'seen'): void {
    const { kind } = this.status.get()
    if (what === 'offline') {
      if (kind === 'online') this.#ended(unreachable())
      else if (kind === 'reconnecting' || kind === 'connecting') this.status.set({ kind: 'offline' })
      return
    }
    const waits = (kind === 'reconnecting' || kind === 'offline') && !this.#dialing
    if (!waits || this.#clock.now() < this.#notBefore) return
    this.status.set({ kind: 'reconnecting', attempt: this.#failures, retryAt: this.#clock.now() })
    this.#dial()
  }

  #hangUp(): void {
    this.#round += 1
    this.#dialing = false
    this.#cancelTimer()
    const line = this.#line
    this.#line = null
    line?.close()
  }
}

interface Told<N extends EventName> {
  name: N
  payload: EventPayload<N>
}

function isNamed<N extends EventName>(told: Told<EventName> | Told<N>, name: N): told is Told<N> {
  return told.name === name
}

function isStored(payload: EventPayload<EventName>): payload is StoredEvent {
  return 'stream' in payload && 'seq' in payload
}
