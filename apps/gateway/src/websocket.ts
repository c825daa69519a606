/** Raw WebSocket at `/ws`: one JSON text frame a request, each answered once; a `hello` first, within ten seconds. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { roomsOf } from '@dosti/bus'
import { DostiError, HELLO_TIMEOUT_MS, type Reply } from '@dosti/contracts'
import { withinDeadline, wireErrorOf } from '@dosti/runtime'
import type { RawData, WebSocket } from 'ws'
import { greet, welcomeFor } from './authenticate.ts'
import { createConnection, HEARTBEAT_MS, type Connection, type Watchers } from './connection.ts'
import type { GatewayDeps } from './deps.ts'
import { BACKLOG_BYTES_MAX, SLOW_BYTES } from './slow-readers.ts'

/** Close codes of our own, from the range that applications may use. */
const CLOSE = { goingAway: 1001, revoked: 4401, helloTimeout: 4408 } as const
/** Who has not answered a goodbye by then is hung up on, in milliseconds. */
export const GOODBYE_MS = 1000

/** The raw sockets of this node, by room. */
export interface RawSockets {
  accept(socket: WebSocket, request: IncomingMessage): void
  /** Cuts everybody in a room. */
  disconnect(room: string): void
  /** Somebody is in one of the rooms. */
  hasAny(rooms: readonly string[]): boolean
  /** Sends a frame to everybody in any of the rooms, once each; what may be dropped is not sent to those who lag. */
  send(rooms: readonly string[], frame: string, options: { mayBeDropped: boolean }): void
  close(): void
}

interface Frame {
  id: string | number | null
  op: string
  input: unknown
}

/** Builds the raw side of the gateway. */
export function createRawSockets(deps: GatewayDeps, { admission, drain, onConnected, onCut }: Watchers): RawSockets {
  const rooms = new Map<string, Set<WebSocket>>()
  const alive = new Map<WebSocket, boolean>()
  const heartbeat = setInterval(() => {
    for (const [socket, answered] of alive) {
      if (!answered) socket.terminate()
      alive.set(socket, false)
      socket.ping()
    }
  }, HEARTBEAT_MS)

  // F2, for answers as for events.
  const sendOrCut = (socket: WebSocket, frame: string): void => {
    const { bufferedAmount } = socket
    if (socket.readyState !== socket.OPEN) return
    if (bufferedAmount === 0 || bufferedAmount + Buffer.byteLength(frame) <= BACKLOG_BYTES_MAX)
      return socket.send(frame)
    onCut()
    socket.terminate()
  }
  const join = (socket: WebSocket, names: readonly string[]): void => {
    for (const name of names) rooms.set(name, (rooms.get(name) ?? new Set()).add(socket))
  }
  const leave = (socket: WebSocket, names: readonly string[]): void => {
    for (const name of names) {
      const members = rooms.get(name)
      members?.delete(socket)
      if (members?.size === 0) rooms.delete(name)
    }
  }

  return {
    accept(socket, request) {
      let connection: Connection | undefined
      let joined: string[] = []
      let greeting = false
      const giveUpPlace = admission.enter(request)
      const leaveNode = drain.add({
        isBusy: () => connection?.isBusy() ?? false,
        cut: () => sayGoodbye(socket, 'goingAway', 'going away'),
      })
      alive.set(socket, true)
      const timer = setTimeout(() => sayGoodbye(socket, 'helloTimeout', 'say hello first'), HELLO_TIMEOUT_MS)
      const answer = (id: Frame['id'], reply: Reply<unknown>): void =>
        sendOrCut(socket, JSON.stringify({ id, ...reply }))
      const refuse = (id: Frame['id'], error: unknown): void =>
        answer(id, {
          ok: false,
          error: wireErrorOf(error, { log: deps.log, request: { requestId: randomUUID() }, operation: 'hello' }),
        })

      const sayHello = async ({ id, input }: Frame): Promise<void> => {
        if (connection || greeting)
          return refuse(id, new DostiError('request.invalid', { message: 'You have said hello already.' }))
        greeting = true
        try {
          const refusal = drain.refusal()
          if (refusal !== undefined) throw refusal
          const { actor, credentialRooms } = await withinDeadline(greet(deps, asRecord(input), request.headers.origin))
          admission.admit(actor)
          clearTimeout(timer)
          connection = createConnection(deps.dispatch, actor, randomUUID())
          if (socket.readyState === socket.OPEN) joined = [...roomsOf(actor), ...credentialRooms, connection.id]
          join(socket, joined)
          onConnected(connection)
          answer(id, { ok: true, data: welcomeFor(actor, Date.now()) })
        } catch (error) {
          refuse(id, error)
        } finally {
          greeting = false
        }
      }

      socket.on('message', (data, binary) => {
        // P4: whoever was told goodbye may take its time to answer, and say nothing meanwhile.
        if (socket.readyState !== socket.OPEN) return
        const frame = readFrame(textOf(data), binary)
        if (!frame.ok) return refuse(frame.id, frame.error)
        if (frame.op === 'hello') return void sayHello(frame)
        if (!connection) return refuse(frame.id, new DostiError('auth.missing', { message: 'Say hello first.' }))
        void connection.ask(frame.op, frame.input).then((reply) => answer(frame.id, reply))
      })
      socket.on('pong', () => alive.set(socket, true))
      // The error is followed by a close; without a listener it would end the process.
      socket.on('error', () => {})
      socket.on('close', () => {
        clearTimeout(timer)
        alive.delete(socket)
        giveUpPlace()
        leaveNode()
        leave(socket, joined)
        connection?.ended()
      })
    },
    disconnect(room) {
      for (const socket of rooms.get(room) ?? []) sayGoodbye(socket, 'revoked', 'revoked')
    },
    hasAny: (names) => names.some((name) => rooms.has(name)),
    send(names, frame, { mayBeDropped }) {
      const reached = new Set<WebSocket>()
      for (const name of names) for (const socket of rooms.get(name) ?? []) reached.add(socket)
      for (const socket of reached) {
        if (!mayBeDropped || socket.bufferedAmount <= SLOW_BYTES) sendOrCut(socket, frame)
      }
    },
    close() {
      clearInterval(heartbeat)
      for (const socket of alive.keys()) sayGoodbye(socket, 'goingAway', 'going away')
    },
  }
}

function sayGoodbye(socket: WebSocket, why: keyof typeof CLOSE, words: string): void {
  socket.close(CLOSE[why], words)
  setTimeout(() => socket.terminate(), GOODBYE_MS).unref()
}

function textOf(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)).toString()
}

function readFrame(
  text: string,
  binary: boolean,
): ({ ok: true } & Frame) | { ok: false; id: Frame['id']; error: DostiError } {
  const bad = (problem: string, id: Frame['id'] = null) => ({
    ok: false as const,
    id,
    error: new DostiError('request.invalid', { message: problem }),
  })
  if (binary) return bad('Send text frames, not binary ones.')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return bad('The frame is not valid JSON.')
  }
  const { id, op, input } = asRecord(value)
  if (typeof id !== 'string' && typeof id !== 'number')
    return bad('A frame needs an id, text or number, which the reply repeats.')
  if (typeof op !== 'string') return bad('A frame needs an op, the name of an operation.', id)
  return { ok: true, id, op, input }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
