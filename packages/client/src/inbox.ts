/** The agents' list of conversations, live. */
import type { AgentsConversation, Output, StoredEvent } from '@dosti/contracts'
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '@dosti/contracts/names'
import { backoffMs, realClock, type Clock } from './clock.ts'
import { roadOf, type Connection } from './connection.ts'
import {
  agentsHead,
  applyToHead,
  byChange,
  isBehind,
  matches,
  newerEntry,
  placeRow,
  readHead,
  type HeadEntry,
  type InboxFilter,
} from './inbox-heads.ts'
import type { ReadMark } from './reducer.ts'
import { asRequestError, type RequestError } from './request-error.ts'
import { createStore, type Store } from './store.ts'

/** What a list on screen needs. */
export interface InboxView {
  filter: InboxFilter
  /** Those the filter lets through, last changed first. */
  conversations: readonly AgentsConversation[]
  phase: 'loading' | 'ready' | 'failed'
  error: RequestError | null
  hasMore: boolean
  loadingMore: boolean
}

export interface Inbox {
  view: Store<InboxView>
  setFilter: (filter: InboxFilter) => void
  /** Does nothing while it loads already, or when there is no more. */
  loadMore: () => Promise<void>
  refresh: () => void
  /** The head of a visitor's conversation as far as it is known, whatever the filter. */
  head: (visitorId: string) => AgentsConversation | undefined
  /** Asks for that head, soon. */
  fetch: (visitorId: string) => void
  close: () => void
}

export interface InboxOptions {
  connection: Connection
  clock?: Clock
}

/** Events of an unknown visitor come in bursts; one question is enough for all of them. */
const FETCH_PATIENCE_MS = 150
const FETCHES_AT_ONCE = 4
/** Over HTTP nothing is told: the list asks so often, for a page. */
const POLL_MS = 5000

/** A list that loads as soon as there is a connection, and its first page again after every break. */
export function createInbox(options: InboxOptions): Inbox {
  return new LiveInbox(options)
}

class LiveInbox implements Inbox {
  readonly view = createStore<InboxView>({
    filter: { status: 'open', assignee: 'anyone' },
    conversations: [],
    phase: 'loading',
    error: null,
    hasMore: false,
    loadingMore: false,
  })
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #unsubscribe: (() => void)[]
  #entries = new Map<string, HeadEntry>()
  /** Whose heads changed since the list was last asked for: the answer may be older than they are. */
  #touched = new Set<string>()
  #cursor: string | null = null
  /** Below the last row that the server has listed, heads known by chance must not pose as the whole list. */
  #listedDownTo = 0
  #round = 0
  #failures = 0
  #cancelRetry: () => void = () => undefined
  #cancelMore: () => void = () => undefined
  readonly #unknown = new Set<string>()
  #fetching = 0
  #cancelFetch: (() => void) | null = null
  #road: 'line' | 'http' | null = null
  /** Who we are, also while the line is down. */
  #me: string | undefined
  #closed = false

  constructor({ connection, clock = realClock }: InboxOptions) {
    this.#connection = connection
    this.#clock = clock
    this.#unsubscribe = [
      connection.onStored((event) => this.#told(event)),
      connection.on('conversation.read', (mark) => this.#read(mark)),
      connection.status.subscribe(() => this.#statusChanged()),
    ]
    this.#statusChanged()
  }

  setFilter(filter: InboxFilter): void {
    this.#change({ filter, conversations: [], phase: 'loading', error: null, hasMore: false, loadingMore: false })
    void this.#load(PAGE_SIZE_DEFAULT)
  }

  refresh(): void {
    this.#change({ error: null, phase: 'loading' })
    void this.#load(PAGE_SIZE_DEFAULT)
  }

  head(visitorId: string): AgentsConversation | undefined {
    return this.#entries.get(visitorId)?.head
  }

  fetch(visitorId: string): void {
    this.#fetchSoon(visitorId)
  }

  async loadMore(): Promise<void> {
    const { hasMore, loadingMore } = this.view.get()
    const cursor = this.#cursor
    if (!hasMore || loadingMore || cursor === null) return
    const round = this.#round
    this.#change({ loadingMore: true })
    try {
      const page = await this.#listPage(PAGE_SIZE_DEFAULT * 2, cursor)
      if (round === this.#round && !this.#closed) this.#listed(page.conversations.map(agentsHead), page.next)
      this.#failures = 0
    } catch (thrown) {
      // The list stays as it is; whoever is at its end asks again, but not at once.
      this.#failures += 1
      const waitMs = Math.max(asRequestError(thrown).retryAfterMs ?? 0, backoffMs(this.#failures, this.#clock))
      if (round === this.#round)
        this.#cancelMore = this.#clock.after(waitMs, () => this.#change({ loadingMore: false }))
      return
    }
    if (round === this.#round) this.#change({ loadingMore: false })
  }

  close(): void {
    this.#closed = true
    this.#round += 1
    this.#cancelRetry()
    this.#cancelMore()
    this.#cancelFetch?.()
    for (const stop of this.#unsubscribe) stop()
  }

  #statusChanged(): void {
    const road = roadOf(this.#connection.status.get())
    if (road !== null && road !== this.#road) this.#reload()
    this.#road = road
  }

  /** As many rows as were on screen before, so that the list does not jump under the reader. */
  #reload(): void {
    void this.#load(Math.max(PAGE_SIZE_DEFAULT, this.view.get().conversations.length))
  }

  /** The list from its top. Heads that the page does not hold are forgotten, unless an event touched them meanwhile. */
  async #load(limit: number): Promise<void> {
    this.#round += 1
    this.#cancelRetry()
    // What is asked of an earlier round is not heard any more, and its cursor says nothing about this one.
    this.#cancelMore()
    this.#cursor = null
    if (this.view.get().hasMore) this.#change({ hasMore: false, loadingMore: false })
    const round = this.#round
    this.#touched = new Set()
    try {
      const heads: AgentsConversation[] = []
      let next: string | null = null
      do {
        const page = await this.#listPage(Math.min(limit - heads.length, PAGE_SIZE_MAX), next)
        if (round !== this.#round || this.#closed) return
        heads.push(...page.conversations.map(agentsHead))
        next = page.next
      } while (next !== null && heads.length < limit)
      this.#failures = 0
      this.#entries = new Map([...this.#entries].filter(([visitorId]) => this.#touched.has(visitorId)))
      this.#listedDownTo = 0
      this.#fetchOvertaken(heads)
      this.#listed(heads, next)
      const pollMs = POLL_MS * Math.max(1, Math.ceil(heads.length / PAGE_SIZE_MAX))
      if (this.#road === 'http')
        this.#cancelRetry = this.#clock.after(pollMs * (0.75 + this.#clock.random() / 2), () => this.#reload())
    } catch (error) {
      if (round === this.#round) this.#loadFailed(asRequestError(error), limit)
    }
  }

  #listPage(limit: number, cursor: string | null): Promise<Output<'conversation.list'>> {
    const { filter } = this.view.get()
    return this.#connection.request('conversation.list', { ...filter, limit, ...(cursor !== null && { cursor }) })
  }

  /** What an event touched meanwhile may still lack what was missed before it, of the other stream: only the server knows. */
  #fetchOvertaken(listed: readonly AgentsConversation[]): void {
    const answers = new Map(listed.map((head) => [head.visitorId, head]))
    for (const [visitorId, { head }] of this.#entries) {
      const answer = answers.get(visitorId)
      if (answer === undefined || isBehind(answer, head)) this.#fetchSoon(visitorId)
    }
  }

  #loadFailed(error: RequestError, limit: number): void {
    if (this.#closed) return
    if (this.view.get().phase === 'loading' || !error.retryable) this.#change({ phase: 'failed', error })
    if (!error.retryable || this.#connection.status.get().kind !== 'online') return
    this.#failures += 1
    const wait = Math.max(error.retryAfterMs ?? 0, backoffMs(this.#failures, this.#clock))
    this.#cancelRetry = this.#clock.after(wait, () => void this.#load(limit))
  }

  #listed(heads: AgentsConversation[], next: string | null): void {
    const entries = this.#entries
    for (const head of heads) entries.set(head.visitorId, newerEntry(entries.get(head.visitorId), head))
    this.#cursor = next
    this.#listedDownTo = next === null ? 0 : (heads.at(-1)?.updatedAt ?? this.#listedDownTo)
    const rows = [...entries.values()].map((entry) => entry.head).filter((head) => this.#isListed(head))
    this.#change({ conversations: rows.sort(byChange), phase: 'ready', error: null, hasMore: next !== null })
  }

  #told(event: StoredEvent): void {
    const entry = this.#entries.get(event.visitorId)
    const next = applyToHead(entry, event)
    // Of a visitor who is new, only the server can tell whether somebody vouches for the id.
    if (next === 'unknown' || entry === undefined) this.#fetchSoon(event.visitorId)
    if (next !== 'unknown' && next !== entry) this.#put(next)
  }

  #read(mark: ReadMark & { visitorId: string }): void {
    const entry = this.#entries.get(mark.visitorId)
    if (entry !== undefined) this.#put(readHead(entry, mark))
  }

  #put(entry: HeadEntry): void {
    const { visitorId } = entry.head
    this.#entries.set(visitorId, entry)
    this.#touched.add(visitorId)
    const { conversations } = this.view.get()
    this.#change({ conversations: placeRow(conversations, visitorId, this.#isListed(entry.head) ? entry.head : null) })
  }

  #isListed(head: AgentsConversation): boolean {
    const status = this.#connection.status.get()
    if (status.kind === 'online') this.#me = status.welcome.agent?.id
    return head.updatedAt >= this.#listedDownTo && matches(head, this.view.get().filter, this.#me)
  }

  #fetchSoon(visitorId: string, waitMs = FETCH_PATIENCE_MS): void {
    this.#unknown.add(visitorId)
    this.#cancelFetch ??= this.#clock.after(waitMs, () => {
      this.#cancelFetch = null
      this.#fetchUnknown()
    })
  }

  #fetchUnknown(): void {
    for (const visitorId of this.#unknown) {
      if (this.#fetching >= FETCHES_AT_ONCE) return
      this.#unknown.delete(visitorId)
      this.#fetching += 1
      void this.#fetchHead(visitorId)
    }
  }

  async #fetchHead(visitorId: string): Promise<void> {
    try {
      const { conversation } = await this.#connection.request('conversation.sync', { visitorId, limit: 1 })
      if (conversation !== null && !this.#closed) {
        const [fetched, held] = [agentsHead(conversation), this.#entries.get(visitorId)]
        this.#put(newerEntry(held, fetched))
        // Each knows what the other does not.
        if (held !== undefined && isBehind(fetched, held.head) && isBehind(held.head, fetched))
          this.#fetchSoon(visitorId)
      }
    } catch (error) {
      // A refusal is final for this head; after a cut line the whole list is loaded again anyway.
      const { retryable, retryAfterMs } = asRequestError(error)
      if (retryable && this.#connection.status.get().kind === 'online')
        this.#fetchSoon(visitorId, retryAfterMs ?? backoffMs(1, this.#clock))
    }
    this.#fetching -= 1
    // While we wait to ask again, what is unknown waits too.
    if (!this.#closed && this.#cancelFetch === null) this.#fetchUnknown()
  }

  #change(part: Partial<InboxView>): void {
    if (!this.#closed) this.view.set({ ...this.view.get(), ...part })
  }
}
