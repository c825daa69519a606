/**
 * F1, F2: what a reader who does not read may cost. Socket.IO buffers without bound for a socket that takes nothing; here the
 * bytes are counted at emit, typing signs are held back early, and the socket is cut before it costs a megabyte.
 * Its client comes back and catches up by number.
 */
import type { Server, Socket } from 'socket.io'

/** From here on a socket gets no typing signs, in bytes. */
export const SLOW_BYTES = 64_000
/** Here it is cut, in bytes. */
export const BACKLOG_BYTES_MAX = 1_000_000

/** The room of those who lag; what may be dropped is not sent to it. Rooms of people have a colon, so nobody can join it by name. */
export const SLOW_ROOM = 'slow'

interface Counted {
  bytes: number
  cut: boolean
}

/** Counts, after an emit, what lies unsent for the sockets of some rooms. */
export interface SlowReaders {
  /** `frame` is what was sent, encoded; asked for only if somebody lags. */
  count(rooms: readonly string[], frame: () => string): void
  /** The same for one socket, after an answer. */
  countOne(socket: Socket, frame: () => string): void
}

/** The count for the Socket.IO side; `onCut` is told of each socket that is given up. */
export function createSlowReaders(io: Server, onCut: () => void): SlowReaders {
  const backlogs = new WeakMap<Socket['conn'], Counted>()

  const count = (socket: Socket, frame: () => string): void => {
    const { conn } = socket
    // Everything was taken by the transport: nothing to count. The usual case, and all it costs.
    if (unsentOf(conn).length === 0) return
    let backlog = backlogs.get(conn)
    if (!backlog) {
      backlog = { bytes: 0, cut: false }
      backlogs.set(conn, backlog)
      conn.once('drain', () => {
        backlogs.delete(conn)
        void socket.leave(SLOW_ROOM)
      })
    }
    // The socket leaves its rooms only when the system has closed it; until then it is spoken to as before.
    if (backlog.cut) return
    backlog.bytes += Buffer.byteLength(frame())
    const bytes = backlog.bytes + handedOver(conn)
    if (bytes > BACKLOG_BYTES_MAX) {
      backlog.cut = true
      onCut()
      cut(conn)
    } else if (bytes > SLOW_BYTES) void socket.join(SLOW_ROOM)
  }

  return {
    countOne: count,
    count(rooms, frame) {
      const { adapter, sockets } = io.of('/')
      for (const room of rooms) {
        for (const id of adapter.rooms.get(room) ?? []) {
          const socket = sockets.get(id)
          if (socket) count(socket, frame)
        }
      }
    },
  }
}

/** The packets that the transport has not taken. Private in Engine.IO's types, and the only place where a backlog can be seen. */
function unsentOf(conn: Socket['conn']): unknown[] {
  return (conn as unknown as { writeBuffer: unknown[] }).writeBuffer
}

interface WebSocketLike {
  bufferedAmount: number
  terminate(): void
}

/** The WebSocket below an Engine.IO connection; none while it polls. */
function webSocketOf(conn: Socket['conn']): WebSocketLike | undefined {
  return (conn.transport as { socket?: WebSocketLike }).socket
}

function handedOver(conn: Socket['conn']): number {
  return webSocketOf(conn)?.bufferedAmount ?? 0
}

/** Ends a line at once: a polite close would wait behind all that is unsent, or half a minute for a peer that is gone. */
export function cut(conn: Socket['conn']): void {
  const webSocket = webSocketOf(conn)
  if (webSocket) webSocket.terminate()
  else conn.close(true)
}
