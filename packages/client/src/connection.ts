/** The one way to the server for a page: opens lines, again and again, until it is told to stop or refused for good. */
import type { EventName, Hello, Input, OperationName, Output, Reply, StoredEvent, Welcome } from '@dosti/contracts'
import { PROTOCOL_VERSION } from '@dosti/contracts/names'
import { backoffMs, realClock, type Clock } from './clock.ts'
import { createDetour, type Detour, type HttpRoad } from './detour.ts'
import { readReply, type Requests } from './http.ts'
import { OPEN_WITHIN_MS, openSocketIo, type EventPayload, type Line, type OpenLine, type Transport } from './line.ts'
import { browserNetwork, type Network } from './network.ts'
import { asRequestError, concernsCredentials, neverSent, unreachable, type RequestError } from './request-error.ts'
import { createResume, type Resume } from './resume.ts'
import { createSignal, createStore, type Store } from './store.ts'

/**
 * How things stand: `online` means that requests are answered, `limited` that they go over HTTP and nothing is told live,
 * `refused` that it will not try again by itself.
 */
export type ConnectionStatus =
  | { kind: 'idle' }
  | { kind: 'connecting' }
  | { kind: 'online'; welcome: Welcome; limited: boolean }
  | { kind: 'reconnecting'; attempt: number; retryAt: number }
  | { kind: 'offline' }
  | { kind: 'refused'; error: RequestError }

/** What carries requests: a line, HTTP while no line comes about, or nothing. */
export function roadOf(status: ConnectionStatus): 'line' | 'http' | null {
  if (status.kind !== 'online') return null
  return status.limited ? 'http' : 'line'
}

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
  /** Without it there is nothing but the line. */
  overHttp?: HttpRoad
  clock?: Clock
  network?: Network
  openLine?: OpenLine
}

const REQUEST_TIMEOUT_MS = 10_000
/** Covers what Socket.IO's own time-out does not: a server that takes the socket and never answers the hello. */
const HANDSHAKE_TIMEOUT_MS = 20_000
const RENEWALS_MAX = 2
/** The server pings every 20 s: a line that was silent for so long is dead. */
const SILENCE_MAX_MS = 45_000
/** After waiting for a line, a request is given this long to be answered: less says nothing about the line. */
const ANSWER_AT_LEAST_MS = 3000

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
  #dialedAt = 0
  #first: Transport = 'websocket'
  /** Whoever waited for a road at an end waits no longer. */
  #closings = 0
  #failures = 0
  #renewals = 0
  /** The server asked not to be called before this time. */
  #notBefore = 0
  readonly #detour: Detour | null
  #cancelTimer: () => void = () => undefined
  #unwatch: (() => void) | null = null

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#clock = options.clock ?? realClock
    this.#network = options.network ?? browserNetwork
    this.#detour =
      options.overHttp === undefined
        ? null
        : createDetour({
            road: options.overHttp,
            clock: this.#clock,
            onFound: (welcome) => this.status.set({ kind: 'online', welcome, limited: true }),
            onRefused: (error) => this.#ended(error, 'credentials'),
          })
  }

  connect(): void {
    if (this.#dialing || roadOf(this.status.get()) === 'line') return
    this.#unwatch ??= this.#network.watch((what) => this.#networkChanged(what))
    this.#renewals = 0
    const { kind } = this.status.get()
    if (kind !== 'reconnecting' && kind !== 'online') this.status.set({ kind: 'connecting' })
    this.#detour?.seek()
    this.#dial()
  }

  close(): void {
    this.#hangUp()
    this.#unwatch?.()
    this.#unwatch = null
    this.#failures = 0
    this.#closings += 1
    this.#detour?.end()
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
    const line = this.#road() ?? (await this.#nextRoad())
    if (!('emit' in line)) return this.#askOverHttp(line, operation, input)
    const askedAt = this.#clock.now()
    let reply: Reply<Output<N>>
    try {
      reply = await line.emit(operation, input, Math.max(ANSWER_AT_LEAST_MS, deadline - askedAt))
    } catch {
      // Silence since the question means a dead line that nobody has noticed yet.
      if (line === this.#line && line.heardAt() <= askedAt) this.#ended(unreachable())
      throw unreachable()
    }
    return readReply(reply)
  }

  async #askOverHttp<N extends OperationName>(road: HttpRoad, operation: N, input: Input<N>): Promise<Output<N>> {
    try {
      return await road.request(operation, input)
    } catch (thrown) {
      const error = asRequestError(thrown)
      if (roadOf(this.status.get()) === 'http') {
        if (error.outcomeUnknown) this.#wayLost()
        // No handshake will say so.
        else if (concernsCredentials(error)) this.#ended(error, 'credentials')
      }
      throw error
    }
  }

  #road(): Line | HttpRoad | null {
    const road = roadOf(this.status.get())
    if (road === 'http') return this.#options.overHttp ?? null
    return road === 'line' ? this.#line : null
  }

  /** The line, or the way around it, once it is open; rejects when that takes too long or will not happen. */
  #nextRoad(): Promise<Line | HttpRoad> {
    return new Promise((resolve, reject) => {
      const round = this.#closings
      const look = () => {
        const status = this.status.get()
        const road = this.#road()
        if (road !== null) resolve(road)
        else if (status.kind === 'refused') reject(status.error)
        else if (round !== this.#closings) reject(neverSent())
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
    this.#dialedAt = this.#clock.now()
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
      { now: this.#clock.now, first: this.#first },
    )
  }

  #welcomed(welcome: Welcome): void {
    this.#cancelTimer()
    this.#dialing = false
    this.#failures = 0
    this.#renewals = 0
    this.#notBefore = 0
    this.#detour?.end()
    this.status.set({ kind: 'online', welcome, limited: false })
  }

  /** A line ended or did not come about; `credentials`: they could not even be fetched. */
  #ended(error: RequestError, at: 'line' | 'credentials' = 'line'): void {
    // Not refused but swallowed, as some networks do with one of the two: the next try begins with the other.
    if (this.#dialing && this.#line !== null && this.#clock.now() - this.#dialedAt >= OPEN_WITHIN_MS)
      this.#first = this.#first === 'websocket' ? 'polling' : 'websocket'
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
      if (roadOf(this.status.get()) === 'http') this.#wayLost()
      this.#detour?.seek()
      this.#dial()
      return
    }
    this.#detour?.end()
    this.status.set({ kind: 'refused', error })
  }

  /** HTTP does not come through any more either. */
  #wayLost(): void {
    this.status.set({ kind: 'reconnecting', attempt: this.#failures, retryAt: this.#clock.now() })
    this.#detour?.seek()
  }

  #later(): void {
    this.#failures += 1
    const now = this.#clock.now()
    const retryAt = Math.max(now + backoffMs(this.#failures, this.#clock), this.#notBefore)
    // The timer runs without a network too: browsers are sometimes wrong about it.
    this.#cancelTimer = this.#clock.after(retryAt - now, () => this.#dial())
    const isOnline = this.#network.online()
    if (isOnline && roadOf(this.status.get()) === 'http') return
    this.#detour?.seek()
    this.status.set(isOnline ? { kind: 'reconnecting', attempt: this.#failures, retryAt } : { kind: 'offline' })
  }

  #networkChanged(what: 'online' | 'offline' | 'seen'): void {
    const { kind } = this.status.get()
    if (what === 'offline') {
      if (kind === 'online') this.#ended(unreachable())
      else if (kind === 'reconnecting' || kind === 'connecting') this.status.set({ kind: 'offline' })
      return
    }
    // After a sleep nobody else notices for a while: the timers of the line slept too.
    if (this.#line !== null && !this.#dialing && this.#clock.now() - this.#line.heardAt() > SILENCE_MAX_MS)
      this.#ended(unreachable())
    const isLimited = roadOf(this.status.get()) === 'http'
    const waits = (kind === 'reconnecting' || kind === 'offline' || isLimited) && !this.#dialing
    if (!waits || this.#clock.now() < this.#notBefore) return
    if (!isLimited) this.status.set({ kind: 'reconnecting', attempt: this.#failures, retryAt: this.#clock.now() })
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
