/** What one Socket.IO connection may send at a time: a POST of a megabyte holds a hundred thousand packets, handled in one turn. */
import type { Server, Socket } from 'socket.io'

/** A client joins the one namespace once; every CONNECT makes a socket, before anybody is asked who is there. */
const CONNECTS_MAX = 10
/** Packets in one turn of the event loop; a client that was offline sends what it kept in one go. */
const PACKETS_MAX = 1000

/** Closes a connection that sends more. */
export function fencePackets(io: Server): void {
  let turn = 0
  let isCounting = false
  const count = (): void => {
    if (isCounting) return
    isCounting = true
    setImmediate(() => {
      turn += 1
      isCounting = false
    })
  }
  io.engine.on('connection', (conn: Socket['conn']) => {
    let connects = 0
    let inTurn = 0
    let counted = turn
    conn.on('packet', ({ type, data }: { type: string; data?: unknown }) => {
      count()
      inTurn = counted === turn ? inTurn + 1 : 1
      counted = turn
      if (type === 'message' && typeof data === 'string' && data.startsWith('0')) connects += 1
      if (connects > CONNECTS_MAX || inTurn > PACKETS_MAX) conn.close(true)
    })
  })
}
