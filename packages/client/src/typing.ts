/** Who is typing: ours told sparingly, others' forgotten when they fall silent (rule F1: never stored, may be lost). */
import type { Party } from '@dosti/contracts'
import { TYPING_EXPIRES_MS } from '@dosti/contracts/names'
import { realClock, type Clock } from './clock.ts'
import { roadOf, type Connection } from './connection.ts'
import { createStore, type Store } from './store.ts'

/** Tells it again while the keys go on, well within `TYPING_EXPIRES_MS`. */
const TELL_EVERY_MS = 2000
/** Whoever rests this long has stopped. */
const IDLE_MS = 5000

export interface TypingSignal {
  /** Call at each key press. */
  input: () => void
  /** Sent, cleared or left. */
  stop: () => void
  close: () => void
}

/** Our own typing in one thread; agents name the visitor. */
export function createTypingSignal(options: {
  connection: Connection
  visitorId?: string
  clock?: Clock
}): TypingSignal {
  const { connection, visitorId, clock = realClock } = options
  let toldAt: number | null = null
  let cancelIdle: (() => void) | null = null
  const tell = (typing: boolean) => {
    // A signal that would have to wait for a line is worth nothing.
    if (roadOf(connection.status.get()) !== 'line') return
    connection
      .request('typing.set', { ...(visitorId === undefined ? {} : { visitorId }), typing })
      .catch(() => undefined)
  }
  const stop = () => {
    cancelIdle?.()
    if (toldAt !== null) tell(false)
    toldAt = null
  }
  return {
    input: () => {
      const now = clock.now()
      if (toldAt === null || now - toldAt >= TELL_EVERY_MS) {
        toldAt = now
        tell(true)
      }
      cancelIdle?.()
      cancelIdle = clock.after(IDLE_MS, stop)
    },
    stop,
    close: stop,
  }
}

export interface TypingWatch {
  /** Visitor id of the thread -> who types there; threads where nobody types are absent. */
  typing: Store<ReadonlyMap<string, readonly Party[]>>
  close: () => void
}

/** Everybody's typing, in all threads the connection hears of; `ignore` leaves oneself out. */
export function watchTyping(options: {
  connection: Connection
  ignore?: (party: Party) => boolean
  clock?: Clock
}): TypingWatch {
  const { connection, ignore = () => false, clock = realClock } = options
  const typing = createStore<ReadonlyMap<string, readonly Party[]>>(new Map())
  const expiry = new Map<string, () => void>()
  const change = (visitorId: string, party: Party, present: boolean) => {
    const others = (typing.get().get(visitorId) ?? []).filter((other) => nameOf(other) !== nameOf(party))
    const next = new Map(typing.get())
    const parties = present ? [...others, party] : others
    if (parties.length === 0) next.delete(visitorId)
    else next.set(visitorId, parties)
    typing.set(next)
  }
  const stopped = (visitorId: string, party: Party) => {
    const key = JSON.stringify([visitorId, nameOf(party)])
    const cancel = expiry.get(key)
    if (cancel === undefined) return
    cancel()
    expiry.delete(key)
    change(visitorId, party, false)
  }
  const started = (visitorId: string, party: Party) => {
    if (ignore(party)) return
    const key = JSON.stringify([visitorId, nameOf(party)])
    const known = expiry.get(key)
    known?.()
    expiry.set(
      key,
      clock.after(TYPING_EXPIRES_MS, () => stopped(visitorId, party)),
    )
    if (known === undefined) change(visitorId, party, true)
  }
  const unsubscribe = [
    connection.on('typing.started', ({ visitorId, by }) => started(visitorId, by)),
    connection.on('typing.stopped', ({ visitorId, by }) => stopped(visitorId, by)),
    connection.on('message.sent', ({ visitorId, actor }) => stopped(visitorId, actor)),
  ]
  return {
    typing,
    close: () => {
      for (const stop of unsubscribe) stop()
      for (const cancel of expiry.values()) cancel()
    },
  }
}

function nameOf(party: Party): string {
  return party.kind === 'system' ? party.kind : `${party.kind}:${party.id}`
}
