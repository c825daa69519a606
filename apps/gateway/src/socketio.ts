/** Socket.IO: learns who connects, then either the table of operations (extended) or the integration guide (published). */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import { roomsOf } from '@dosti/bus'
import { DostiError, ERRORS, type WireError } from '@dosti/contracts'
import { withinDeadline, wireErrorOf } from '@dosti/runtime'
import { Server, type Socket } from 'socket.io'
import { refuse } from './admission.ts'
import { introduce, welcomeFor, type Introduced } from './authenticate.ts'
import { createConnection, HEARTBEAT_MS, type Connection, type Watchers } from './connection.ts'
import type { GatewayDeps } from './deps.ts'
import { writeOnce } from './one-write.ts'
import { fencePackets } from './packet-fence.ts'
import { publishedRoom, speakPublished } from './published.ts'
import { cut, watchReaders } from './slow-readers.ts'
import { textPackets } from './text-packets.ts'

/** A packet beyond this ends the connection; anything up to it is answered, if only with a refusal. */
const PACKET_BYTES_MAX = 1_000_000

/** Socket.IO on a server whose upgrades somebody else hands out; `drain` knows every connection. */
export function createSocketIo(
  server: HttpServer,
  deps: GatewayDeps,
  { admission, drain, onConnected, onPublished, onCut }: Watchers,
): Server {
  const { log, config } = deps
  const io = new Server(server, {
    allowEIO3: true,
    destroyUpgrade: false,
    serveClient: false,
    parser: textPackets,
    connectTimeout: 10_000,
    pingInterval: HEARTBEAT_MS,
    pingTimeout: HEARTBEAT_MS,
    maxHttpBufferSize: PACKET_BYTES_MAX,
    // Refused below Socket.IO: a stock client that is refused by a middleware gives up, one whose line fails tries again.
    allowRequest(request, done) {
      const refusal = admission.refusal(request)
      if (refusal === undefined) done(null, true)
      else refuse(request, refusal)
    },
    cors: (request, done) => done(null, corsFor(request as IncomingMessage)),
  })
  watchReaders(io, onCut)
  fencePackets(io)
  writeOnce(io)
  io.engine.on('connection', (conn: Socket['conn']) => {
    const leave = admission.enter(conn.request)
    conn.once('close', (reason) => {
      leave()
      if (reason === 'ping timeout') cut(conn)
    })
  })
  // Engine.IO would never answer it.
  io.engine.use((request: IncomingMessage, _response: unknown, next: () => void) => {
    if (request.headers.upgrade !== undefined || !/[?&]transport=websocket(&|$)/u.test(request.url ?? '')) return next()
    refuse(request, new DostiError('request.invalid', { message: 'A WebSocket begins with an upgrade.' }))
  })
  io.engine.generateId = () => `${config.NODE_NAME}-${randomUUID()}`

  const letIn = async (socket: Socket, next: (refusal?: Error) => void): Promise<void> => {
    const { query, auth, headers } = socket.handshake
    try {
      const introduced = await withinDeadline(introduce(deps, { query, auth, origin: headers.origin }))
      admission.admit(introduced.actor)
      socket.data = introduced
    } catch (error) {
      const wire = wireErrorOf(error, { log, request: { requestId: randomUUID() }, operation: 'handshake' })
      // A published client would take a refusal for final; where the same handshake may work later, its line fails instead.
      if (ERRORS[wire.code].retry && !('protocol' in query || 'protocol' in auth)) socket.conn.close()
      // Said in any case: until then Socket.IO keeps the socket.
      return next(refusal(wire))
    }
    next()
  }
  io.use((socket, next) => void letIn(socket, next))
  io.on('connection', (socket) => {
    const { actor, protocol, credentialRooms } = socket.data as Introduced
    const connection = createConnection(deps.dispatch, actor, socket.id)
    const leave = drain.add({ isBusy: () => connection.isBusy(), cut: () => socket.conn.close() })
    socket.on('disconnect', () => {
      leave()
      connection.ended()
    })
    const rooms = protocol === 'published' ? roomsOf(actor).map(publishedRoom) : roomsOf(actor)
    void socket.join([...rooms, ...credentialRooms])
    onConnected(connection)
    if (protocol === 'published') {
      onPublished(socket.data as Introduced)
      speakPublished(socket, connection)
    } else speakExtended(socket, connection)
  })
  return io
}

function speakExtended(socket: Socket, connection: Connection): void {
  socket.emit('welcome', welcomeFor((socket.data as Introduced).actor, Date.now()))
  socket.onAny((name: string, ...args: unknown[]) => {
    const reply = args.at(-1)
    const input = typeof args[0] === 'function' ? undefined : args[0]
    void connection.ask(name, input).then((answer) => {
      if (typeof reply === 'function') reply(answer)
      else if (!answer.ok) socket.emit('error_message', { success: false, error: answer.error })
    })
  })
}

/** Socket.IO carries `data` to the client's `connect_error`; version 2 clients get it as `error`. */
function refusal(error: WireError): Error {
  return Object.assign(new Error(error.message), { data: error })
}

/** Browsers ask nobody about WebSockets. Old clients poll with credentials, which the star does not admit; nothing here reads a cookie. */
function corsFor({ url, headers }: IncomingMessage): { origin: boolean | string; credentials?: boolean } {
  if (headers.upgrade !== undefined) return { origin: false }
  return /[?&]EIO=3(&|$)/u.test(url ?? '') ? { origin: true, credentials: true } : { origin: '*' }
}
