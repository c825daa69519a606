/**
 * What lies unsent for a Socket.IO connection leaves in one write. Engine.IO hands the packets of a flush to the WebSocket one by
 * one, and each would cost a system call of its own: an agent hears a whole commit in one.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket as TcpSocket } from 'node:net'
import type { Server, Socket } from 'socket.io'

type Conn = Socket['conn']

/** Holds the line while a flush is handed over. */
export function writeOnce(io: Server): void {
  // The answer to an upgrade waits for the packet that opens the connection, which follows in the same turn if at all.
  io.engine.on('initial_headers', (_headers: unknown, { headers, socket }: IncomingMessage) => {
    if (headers.upgrade === undefined) return
    socket.cork()
    setImmediate(() => socket.uncork())
  })
  io.engine.on('flush', (conn: Conn, packets: unknown[]) => {
    if (packets.length > 1) tcpOf(conn)?.cork()
  })
  io.engine.on('drain', (conn: Conn) => {
    const tcp = tcpOf(conn)
    while (tcp !== undefined && tcp.writableCorked > 0) tcp.uncork()
  })
}

/** The TCP connection below; private in ws' types, none while the connection polls. */
function tcpOf(conn: Conn): TcpSocket | undefined {
  return (conn.transport as { socket?: { _socket?: TcpSocket } }).socket?._socket ?? undefined
}
