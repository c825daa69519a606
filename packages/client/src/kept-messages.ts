/** Pending messages in the browser's storage: they outlive the page, and every tab of the same scope sees the same ones. */
import type { StoredEvent, WireError } from '@dosti/contracts'
import type { KeyValueStore } from './key-value-store.ts'
import { outboxPrefix } from './unsent.ts'

/** A message or note on its way. */
export interface PendingMessage {
  clientMessageId: string
  kind: 'message' | 'note'
  /** Null for a visitor, who writes to its own thread. */
  visitorId: string | null
  visitorName: string | null
  text: string
  /** The highest public number that its writer had seen; older versions kept none. */
  readTo?: number | undefined
  /** Rises strictly within a tab. */
  createdAt: number
  state: 'sending' | 'failed'
  /** Why it failed; null while it is on its way. */
  error: WireError | null
}

/** What another tab did to one of the messages. */
export type ChangeElsewhere =
  | { what: 'put'; message: PendingMessage }
  | { what: 'settled'; event: StoredEvent }
  | { what: 'removed'; clientMessageId: string }

export interface KeptMessages {
  /** In the order they were written. */
  all: () => PendingMessage[]
  put: (message: PendingMessage) => void
  remove: (clientMessageId: string) => void
  /** Removes it, and tells the other tabs what became of it first, so that it never vanishes from their screens. */
  settle: (clientMessageId: string, event: StoredEvent) => void
  watch: (listener: (change: ChangeElsewhere) => void) => () => void
}

/** The messages of one scope. */
export function keepMessages(storage: KeyValueStore, scope: string): KeptMessages {
  const prefix = outboxPrefix(scope)
  return {
    all: () =>
      storage
        .keys(prefix)
        .flatMap((key) => {
          const value = parse(storage.get(key))
          return isPending(value) ? [value] : []
        })
        .sort(byWriting),
    put: (message) => storage.set(prefix + message.clientMessageId, JSON.stringify(message)),
    remove: (clientMessageId) => storage.remove(prefix + clientMessageId),
    settle: (clientMessageId, event) => {
      storage.set(prefix + clientMessageId, JSON.stringify({ settled: event }))
      storage.remove(prefix + clientMessageId)
    },
    watch: (listener) =>
      storage.watch(prefix, (key, text) => {
        const value = parse(text)
        if (isPending(value)) listener({ what: 'put', message: value })
        else if (isSettled(value)) listener({ what: 'settled', event: value.settled })
        else if (text === null) listener({ what: 'removed', clientMessageId: key.slice(prefix.length) })
      }),
  }
}

/** The order of a thread: by time, and by name where two tabs wrote in the same millisecond. */
export function byWriting(a: PendingMessage, b: PendingMessage): number {
  return a.createdAt - b.createdAt || (a.clientMessageId < b.clientMessageId ? -1 : 1)
}

function parse(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return undefined
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

function isSettled(value: unknown): value is { settled: StoredEvent } {
  if (typeof value !== 'object' || value === null || !('settled' in value)) return false
  const { settled } = value
  return typeof settled === 'object' && settled !== null && 'data' in settled && 'seq' in settled
}
