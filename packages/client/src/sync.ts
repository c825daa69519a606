/** Keeps a thread whole: asks for its first page, for what follows after a gap or a reconnect, one request at a time. */
import type { Input, ThreadPage } from '@dosti/contracts'
import { PAGE_SIZE_MAX } from '@dosti/contracts/names'
import { backoffMs, realClock, type Clock } from './clock.ts'
import { roadOf, type Connection } from './connection.ts'
import { hasGap, type ThreadState } from './reducer.ts'
import { asRequestError, concernsCredentials, type RequestError } from './request-error.ts'
import type { ResumePoint } from './resume.ts'

export interface Sync {
  /** Asks at once, or again as soon as the request under way is answered. */
  now: () => void
  /** As `now`, after a break: together with every other thread that was cut off. */
  resume: () => void
  /** Asks in a moment unless the missing number comes by itself (rule D5). */
  soon: () => void
  close: () => void
}

export interface SyncOptions {
  connection: Connection
  visitorId: string | undefined
  state: () => ThreadState
  apply: (page: ThreadPage) => void
  /** The server has less than we hold, as after a restored backup: begin anew. */
  forget: () => void
  /** The server refuses for good. */
  fail: (error: RequestError) => void
  clock?: Clock | undefined
}

/** Two commits may be published in either order; only a number that stays away is worth a request. */
const GAP_PATIENCE_MS = 150
/** Over HTTP nothing is told: a thread asks so often at first, and less and less while there is nothing new. */
const POLL_MS = 3000
const POLL_SLOWEST_MS = 12_000

export function createSync(options: SyncOptions): Sync {
  return new ThreadSync(options)
}

class ThreadSync implements Sync {
  readonly #options: SyncOptions
  readonly #clock: Clock
  #running = false
  #again = false
  #afterBreak = false
  #closed = false
  #failures = 0
  /** Polls in a row that found nothing new, and what the thread held at the last one. */
  #quiet = 0
  #polledAt = 0
  /** What is waited for. A poll gives way to what is due sooner. */
  #timer: { cancel: () => void; givesWay: boolean } | null = null

  constructor(options: SyncOptions) {
    this.#options = options
    this.#clock = options.clock ?? realClock
  }

  now(): void {
    this.#timer?.cancel()
    this.#timer = null
    if (this.#closed) return
    this.#again = true
    if (!this.#running) void this.#run()
  }

  resume(): void {
    this.#afterBreak = true
    this.now()
  }

  soon(): void {
    this.#after(GAP_PATIENCE_MS, () => {
      if (hasGap(this.#options.state())) this.now()
      else this.#pollOn()
    })
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #after(ms: number, run: () => void, { givesWay = false } = {}): void {
    if (this.#closed || this.#timer?.givesWay === false) return
    this.#timer?.cancel()
    const cancel = this.#clock.after(ms, () => {
      this.#timer = null
      run()
    })
    this.#timer = { cancel, givesWay }
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#again && !this.#closed) {
      this.#again = false
      try {
        await this.#page()
        this.#failures = 0
        this.#pollOn()
      } catch (error) {
        this.#failed(asRequestError(error))
      }
    }
    this.#running = false
  }

  async #page(): Promise<void> {
    const { connection, visitorId, state, apply, forget } = this.#options
    const before = state()
    const resumes = this.#afterBreak && before.loaded
    this.#afterBreak = false
    const page = await (resumes
      ? connection.resume(resumePoint(before, visitorId))
      : connection.request('conversation.sync', syncInput(before, visitorId)))
    if (this.#closed) return
    if (before.loaded && (page.seq < before.seq || (page.internalSeq ?? 0) < before.internalSeq)) {
      forget()
      this.#again = true
      return
    }
    apply(page)
    const after = state()
    const moved = after.seq > before.seq || after.internalSeq > before.internalSeq
    const behind = after.seq < page.seq || after.internalSeq < (page.internalSeq ?? 0)
    if (behind && moved) this.#again = true
    // Nothing came although something is missing: the answer was older than an event already told. Ask again, unhurried.
    else if (behind || hasGap(after)) this.#after(backoffMs(3, this.#clock), () => this.now())
  }

  #pollOn(): void {
    const { connection, state } = this.#options
    if (roadOf(connection.status.get()) !== 'http') return
    const { seq, internalSeq } = state()
    this.#quiet = seq + internalSeq === this.#polledAt ? this.#quiet + 1 : 0
    this.#polledAt = seq + internalSeq
    const wait = Math.min(POLL_SLOWEST_MS, POLL_MS * 1.3 ** this.#quiet)
    this.#after(wait * (0.75 + this.#clock.random() / 2), () => this.now(), { givesWay: true })
  }

  #failed(error: RequestError): void {
    // The thread asks again on the connection's next road, once its credentials are renewed.
    if (this.#closed || concernsCredentials(error)) return
    this.#again = false
    if (!error.retryable) {
      this.#options.fail(error)
      return
    }
    // Without a line there is nothing to wait for here: the thread calls `now` when it is back.
    if (this.#options.connection.status.get().kind !== 'online') return
    this.#failures += 1
    this.#after(Math.max(error.retryAfterMs ?? 0, backoffMs(this.#failures, this.#clock)), () => this.now())
  }
}

function syncInput(state: ThreadState, visitorId: string | undefined): Input<'conversation.sync'> {
  const stream = visitorId === undefined ? {} : { visitorId }
  if (!state.loaded) return stream
  const internal = state.audience === 'agent' ? { internalAfter: state.internalSeq } : {}
  return { ...stream, after: state.seq, ...internal, limit: PAGE_SIZE_MAX }
}

function resumePoint({ audience, seq, internalSeq }: ThreadState, visitorId: string | undefined): ResumePoint {
  const stream = visitorId === undefined ? {} : { visitorId }
  return { ...stream, seq, ...(audience === 'agent' ? { internalSeq } : {}) }
}
