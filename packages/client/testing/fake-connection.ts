import type { EventName, Input, OperationName, Output, StoredEvent } from '@dosti/contracts'
import type { Connection, ConnectionStatus } from '../src/connection.ts'
import type { EventPayload } from '../src/line.ts'
import { unreachable } from '../src/request-error.ts'
import { createResume } from '../src/resume.ts'
import { createSignal, createStore } from '../src/store.ts'

/** Answers of a pretended server, by operation. */
export type Answers = { [N in OperationName]?: (input: Input<N>) => Output<N> | Promise<Output<N>> }

/** A connection whose server is a table of answers and whose line the test cuts. */
export interface FakeConnection extends Connection {
  status: ReturnType<typeof createStore<ConnectionStatus>>
  /** Says what the server would tell. */
  tell: <N extends EventName>(name: N, payload: EventPayload<N>) => void
  tellStored: (event: StoredEvent) => void
  asked: { operation: OperationName; input: unknown }[]
  /** May be changed at any time. */
  answers: Answers
  cut: () => void
  /** No line comes about, but HTTP reaches the server. */
  limit: () => void
}

export const ONLINE = {
  kind: 'online',
  limited: false,
  welcome: { protocol: 1, now: 0, agent: { id: 'agt_aisha', name: 'Aisha' } },
} satisfies ConnectionStatus

export function createFakeConnection(answers: Answers): FakeConnection {
  const told = createSignal<{ name: EventName; payload: EventPayload<EventName> }>()
  const stored = createSignal<StoredEvent>()
  const status = createStore<ConnectionStatus>({ kind: 'idle' })
  const asked: FakeConnection['asked'] = []
  const request: FakeConnection['request'] = async (operation, input) => {
    if (status.get().kind !== 'online') throw unreachable()
    asked.push({ operation, input })
    const answer = answers[operation]
    if (answer === undefined) throw new Error(`no answer for ${operation}`)
    const output = await answer(input as never)
    return output as never
  }
  return {
    status,
    asked,
    answers,
    request,
    resume: createResume(request),
    on: (name, listener) => told.on((event) => (event.name === name ? listener(event.payload as never) : undefined)),
    onStored: (listener) => stored.on(listener),
    tell: (name, payload) => told.emit({ name, payload }),
    tellStored: (event) => {
      stored.emit(event)
      told.emit({ name: event.name, payload: event })
    },
    cut: () => status.set({ kind: 'reconnecting', attempt: 1, retryAt: 0 }),
    limit: () => status.set({ ...ONLINE, limited: true }),
    connect: () => status.set(ONLINE),
    close: () => status.set({ kind: 'idle' }),
  }
}
