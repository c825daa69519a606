/** One visitor's two streams as the server keeps them: numbered, stamped, folded by the wire's own `evolve`. */
import type { AgentsConversation, Input, Output, Party, StoredEvent, ThreadPage } from '@dosti/contracts'
import { evolve, evolveRead, visitorView } from '@dosti/contracts/evolve'
import { PAGE_SIZE_MAX } from '@dosti/contracts/names'
import type { ResumePoint } from '../src/resume.ts'

export const AISHA = { id: 'agt_aisha', name: 'Aisha' } as const
export const VISITOR: Party = { kind: 'visitor', id: 'vis_1', name: 'Bilal' }
export const AGENT: Party = { kind: 'agent', ...AISHA }

/** What may happen in a thread. */
export type Happening =
  | { kind: 'message'; from: Party; text: string; clientMessageId?: string }
  | { kind: 'join' | 'close' | 'reopen' | 'open-anew' }
  | { kind: 'note'; text: string; clientMessageId?: string }
  | { kind: 'assign'; to: typeof AISHA | null }

export class MemoryStream {
  readonly log: StoredEvent[] = []
  head: AgentsConversation | null = null
  readonly #visitorId: string
  #segment = 0
  #timestamp = 1_750_000_000_000

  constructor(visitorId = 'vis_1') {
    this.#visitorId = visitorId
  }

  /** Commits it; the event, or the events when the first message opens the conversation. */
  commit(happening: Happening): StoredEvent[] {
    const before = this.log.length
    if (this.head === null || happening.kind === 'open-anew') {
      this.#segment += 1
      this.#append({ name: 'conversation.opened', stream: 'public', actor: { kind: 'system' }, data: {} })
    }
    switch (happening.kind) {
      case 'message': {
        const { from, text, clientMessageId } = happening
        const data = { text, ...(clientMessageId === undefined ? {} : { clientMessageId }) }
        this.#append({ name: 'message.sent', stream: 'public', actor: from, data })
        break
      }
      case 'join':
        this.#append({ name: 'agent.joined', stream: 'public', actor: AGENT, data: { agent: AISHA } })
        break
      case 'close':
        this.#append({ name: 'conversation.closed', stream: 'public', actor: AGENT, data: {} })
        break
      case 'reopen':
        this.#append({ name: 'conversation.reopened', stream: 'public', actor: AGENT, data: {} })
        break
      case 'note': {
        const { text, clientMessageId } = happening
        const data = { text, ...(clientMessageId === undefined ? {} : { clientMessageId }) }
        this.#append({ name: 'note.added', stream: 'internal', actor: AGENT, data })
        break
      }
      case 'assign':
        this.#append({
          name: 'conversation.assigned',
          stream: 'internal',
          actor: AGENT,
          data: { assignee: happening.to },
        })
        break
      case 'open-anew':
        break
    }
    return this.log.slice(before)
  }

  read(by: 'visitor' | 'agents', seq: number): void {
    if (this.head !== null) this.head = evolveRead(this.head, { by, seq })
  }

  /** `conversation.sync`, for one audience. */
  sync(input: Input<'conversation.sync'>, audience: 'visitor' | 'agent'): ThreadPage {
    const limit = input.limit ?? 50
    const visible = this.log.filter((event) => audience === 'agent' || event.stream === 'public')
    const follows = input.after !== undefined
    const wanted = visible.filter((event) => {
      if (input.before !== undefined) return event.timestamp < input.before
      const after = event.stream === 'public' ? (input.after ?? 0) : (input.internalAfter ?? 0)
      return event.seq > after
    })
    const events = follows ? wanted.slice(0, limit) : wanted.slice(-limit)
    const first = events[0]?.timestamp ?? Infinity
    const head = this.head
    return {
      events,
      conversation: head === null || audience === 'agent' ? head : visitorView(head),
      seq: head?.seq ?? 0,
      ...(audience === 'agent' ? { internalSeq: head?.internalSeq ?? 0 } : {}),
      snapshot: !follows && input.before === undefined,
      hasOlder: visible.some((event) => event.timestamp < first),
    }
  }

  /** One thread's answer of `conversation.resume`. */
  resume(
    { seq, internalSeq = 0 }: Pick<ResumePoint, 'seq' | 'internalSeq'>,
    audience: 'visitor' | 'agent',
  ): Output<'conversation.resume'>['threads'][number] {
    const page = this.sync({ after: seq, internalAfter: internalSeq, limit: Infinity }, audience)
    const isTooMuch = page.events.length > PAGE_SIZE_MAX || seq > page.seq || internalSeq > (page.internalSeq ?? 0)
    return isTooMuch
      ? { visitorId: this.#visitorId, status: 'resync_required', page: this.sync({}, audience) }
      : { visitorId: this.#visitorId, status: 'replayed', page }
  }

  #append(part: Pick<StoredEvent, 'actor'> & Draft): void {
    const last = part.stream === 'public' ? (this.head?.seq ?? 0) : (this.head?.internalSeq ?? 0)
    this.#timestamp += 1
    const event: StoredEvent = {
      ...part,
      id: `evt_${this.#timestamp}`,
      seq: last + 1,
      timestamp: this.#timestamp,
      visitorId: this.#visitorId,
      conversationId: `cnv_${this.#segment}`,
    }
    this.log.push(event)
    this.head = evolve(this.head, event)
  }
}

type Draft = {
  [N in StoredEvent['name']]: Pick<StoredEvent & { name: N }, 'name' | 'stream' | 'data'>
}[StoredEvent['name']]
