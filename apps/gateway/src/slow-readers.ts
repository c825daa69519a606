/**
 * F1, F2: what a reader who does not read may cost. Socket.IO buffers without bound for a socket that takes nothing; here the
 * bytes are counted as packets are made, typing signs are held back early, and the socket is cut before it costs a megabyte.
 * Its client comes back and catches up by number.
 */
import type { Server, Socket } from 'socket.io'

/** From here on a socket gets no typing signs, in bytes. */
export const SLOW_BYTES = 64_000
/** Here it is cut, in bytes. */
export const BACKLOG_BYTES_MAX = 1_000_000

/** The room of those who lag; what may be dropped is not sent to it. Rooms of people have a colon, so nobody can join it by name. */
export const SLOW_ROOM = 'slow'

interface Backlog {
  bytes: number
  isCut: boolean
  /** Those who get no typing signs meanwhile. */
  slow: Socket[]
}

/** Watches every connection of the Socket.IO side, whoever it is and whatever is sent to it; `onCut` is told of each that is given up. */
export function watchReaders(io: Server, onCut: () => void): void {
  const backlogs = new WeakMap<Conn, Backlog>()

  // One function for all connections: thousands are held.
  function count(this: Conn, { data }: { data?: string | Buffer }): void {
    // The transport takes it at once. The usual case, and all it costs.
    if (this.transport.writable) return
    const backlog = backlogs.get(this) ?? { bytes: 0, isCut: false, slow: [] }
    backlogs.set(this, backlog)
    // The socket leaves its rooms only when the system has closed it; until then it is spoken to as before.
    if (backlog.isCut) return
    backlog.bytes += data === undefined ? 0 : Buffer.byteLength(data)
    const bytes = backlog.bytes + handedOver(this)
    if (bytes > BACKLOG_BYTES_MAX) {
      backlog.isCut = true
      onCut()
      cut(this)
    } else if (bytes > SLOW_BYTES && backlog.slow.length === 0) {
      backlog.slow = [...io.of('/').sockets.values()].filter(({ conn }) => conn === this)
      for (const socket of backlog.slow) void socket.join(SLOW_ROOM)
    }
  }

  io.engine.on('connection', (conn: Conn) => conn.on('packetCreate', count))
  io.engine.on('drain', (conn: Conn) => {
    for (const socket of backlogs.get(conn)?.slow ?? []) void socket.leave(SLOW_ROOM)
    backlogs.delete(conn)
  })
}

type Conn = Socket['conn']

interface WebSocketLike {
  bufferedAmount: number
  terminate(): void
}

/** The WebSocket below an Engine.IO connection; none while it polls. */
function webSocketOf(conn: Conn): WebSocketLike | undefined {
  return (conn.transport as { socket?: WebSocketLike }).socket
}

function handedOver(conn: Conn): number {
  return webSocketOf(conn)?.bufferedAmount ?? 0
}

/** Ends a line at once: a polite close would wait behind all that is unsent, or half a minute for a peer that is gone. */
export function cut(conn: Conn): void {
  const webSocket = webSocketOf(conn)
  if (webSocket) webSocket.terminate()
  else conn.close(true)
}
