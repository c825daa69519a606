/**
 * One socket from hello to its end, behind our own words: `connection.ts` decides when to open the next one and knows
 * nothing of Socket.IO. Another carrier only has to bring another `OpenLine`.
 */
import type {
  EventData,
  EventName,
  FleetingEventName,
  Hello,
  Input,
  OperationName,
  Output,
  Reply,
  StoredEventName,
  StoredEventOf,
  Welcome,
} from '@dosti/contracts'
import { io, type Socket } from 'socket.io-client'
import { neverSent, readWireError, RequestError, unreachable } from './request-error.ts'

/** What comes with an event of that name. */
export type EventPayload<N extends EventName> = N extends StoredEventName
  ? StoredEventOf<N>
  : N extends FleetingEventName
    ? EventData<N>
    : never

/** An open socket. */
export interface Line {
  /** The raw reply; rejects when there was none in time or the line was cut. */
  emit: <N extends OperationName>(operation: N, input: Input<N>, timeoutMs: number) => Promise<Reply<Output<N>>>
  /** When the server was last heard, by the given clock. */
  heardAt: () => number
  /** Ends it without a further call of any handler. */
  close: () => void
}

/** What a line reports; nothing more comes after `onEnd`. */
export interface LineHandlers {
  onWelcome: (welcome: Welcome) => void
  onEvent: <N extends EventName>(name: N, payload: EventPayload<N>) => void
  /** Refused, failed or cut. */
  onEnd: (error: RequestError) => void
}

export type OpenLine = (
  gateway: string,
  hello: Hello,
  handlers: LineHandlers,
  options: { now: () => number; first: Transport },
) => Line

/** What a line begins with; the other one is tried where it is refused. */
export type Transport = 'websocket' | 'polling'

/** A line that did not come about within this is given up, in milliseconds. */
export const OPEN_WITHIN_MS = 10_000

/** Socket.IO, which never reconnects by itself. */
export const openSocketIo: OpenLine = (gateway, hello, handlers, { now, first }) => {
  const socket: Socket = io(gateway, {
    auth: hello,
    transports: first === 'websocket' ? ['websocket', 'polling'] : ['polling', 'websocket'],
    tryAllTransports: true,
    reconnection: false,
    forceNew: true,
    timeout: OPEN_WITHIN_MS,
  })
  let heard = now()
  const hear = () => {
    heard = now()
  }
  let isClosed = false
  /** Whoever waits for a reply. Socket.IO forgets those whose question it kept back, as it does once a ping is overdue. */
  const waiting = new Set<() => void>()
  const close = () => {
    isClosed = true
    socket.offAny()
    socket.off()
    socket.io.off('ping', hear)
    socket.disconnect()
    for (const giveUp of waiting) giveUp()
  }
  const end = (error: RequestError) => {
    close()
    handlers.onEnd(error)
  }
  socket.on('welcome', (welcome: Welcome) => {
    hear()
    handlers.onWelcome(welcome)
  })
  socket.onAny((name, payload) => {
    hear()
    if (name !== 'welcome') handlers.onEvent(name, payload)
  })
  socket.on('connect_error', (error: Error & { data?: unknown }) => {
    // Only the server's own refusal carries data; all else is a line that did not come about.
    end(error.data === undefined ? unreachable() : new RequestError(readWireError(error.data)))
  })
  socket.on('disconnect', () => end(unreachable()))
  socket.io.on('ping', hear)
  return {
    emit: (operation, input, timeoutMs) =>
      new Promise((resolve, reject) => {
        const giveUp = () => {
          waiting.delete(giveUp)
          reject(unreachable())
        }
        if (isClosed) return reject(neverSent())
        waiting.add(giveUp)
        socket.timeout(timeoutMs).emit(operation, input, (error: Error | null, reply: Reply<never>) => {
          if (error !== null) return giveUp()
          waiting.delete(giveUp)
          hear()
          resolve(reply)
        })
      }),
    heardAt: () => heard,
    close,
  }
}
