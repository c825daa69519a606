import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { roomsFor } from '@dosti/bus'
import type { VisitorActor } from '@dosti/contracts'
import type { Told } from '@dosti/conversations'
import { createLogger } from '@dosti/runtime'
import { Server, type Socket } from 'socket.io'
import { io as connect } from 'socket.io-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { WebSocket } from 'ws'
import { createAdmission } from './admission.ts'
import { deliver } from './deliver.ts'
import type { GatewayDeps } from './deps.ts'
import { createDrain } from './drain.ts'
import { BACKLOG_BYTES_MAX, SLOW_BYTES, SLOW_ROOM, watchReaders } from './slow-readers.ts'
import { createRawSockets, type RawSockets } from './websocket.ts'

const by = { kind: 'agent', id: 'agt_ann', name: 'Ann' } as const
const typing: Told = {
  workspaceId: 'wsp_a',
  visitorId: 'v',
  audience: 'both',
  event: { name: 'typing.started', data: { visitorId: 'v', by } },
}
const message: Told = {
  workspaceId: 'wsp_a',
  visitorId: 'v',
  audience: 'both',
  event: {
    id: 'msg_1',
    name: 'message.sent',
    stream: 'public',
    seq: 1,
    timestamp: 1,
    visitorId: 'v',
    conversationId: 'cnv_1',
    actor: by,
    data: { text: 'Hi' },
  },
}
const ROOM = 'visitor:wsp_a:v'
const nobody: RawSockets = {
  accept: () => {},
  disconnect: () => {},
  hasAny: () => false,
  send: () => {},
  close: () => {},
}

async function socketIoServer(onCut: () => void = () => {}) {
  const http = createServer()
  const io = new Server(http, { serveClient: false })
  watchReaders(io, onCut)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(() => io.close())
  const join = async () => {
    const heard: string[] = []
    const joined = once(io, 'connection') as Promise<[Socket]>
    const client = connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, {
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
    })
    client.onAny((name: string) => heard.push(name))
    onTestFinished(() => void client.close())
    const [socket] = await joined
    await socket.join(ROOM)
    return { client, socket, heard }
  }
  return { io, join }
}
/** Makes Engine.IO look as while the transport takes nothing. */
const clog = ({ conn }: Socket) => Object.assign(conn.transport, { writable: false })

describe('F1 typing is dropped first', () => {
  it('Socket.IO: who lags hears what is stored, and no typing', async () => {
    const { io, join } = await socketIoServer()
    const [quick, slow] = [await join(), await join()]
    await slow.socket.join(SLOW_ROOM)
    deliver([typing, message], roomsFor, { io, raw: nobody })
    await expect.poll(() => slow.heard).toEqual(['message.sent'])
    await expect.poll(() => quick.heard).toEqual(['typing.started', 'message.sent'])
  })

  it('Socket.IO: to lag is to leave 64 kB unsent, until all is sent', async () => {
    const { io, join } = await socketIoServer()
    const { socket, heard } = await join()
    socket.emit('taken', 'x'.repeat(SLOW_BYTES * 2))
    await expect.poll(() => heard).toEqual(['taken'])
    expect(socket.rooms).not.toContain(SLOW_ROOM)
    clog(socket)
    socket.emit('unsent', 'x'.repeat(SLOW_BYTES - 100))
    expect(socket.rooms).not.toContain(SLOW_ROOM)
    socket.emit('unsent', 'x'.repeat(100))
    expect(socket.rooms).toContain(SLOW_ROOM)
    io.engine.emit('drain', socket.conn)
    expect(socket.rooms).not.toContain(SLOW_ROOM)
    // Two bytes each.
    socket.emit('unsent', 'ب'.repeat(SLOW_BYTES / 2))
    expect(socket.rooms).toContain(SLOW_ROOM)
  })

  it('raw WebSocket: the same', async () => {
    const { raw, join } = rawServer()
    const [quick, slow] = [await join(), await join()]
    slow.socket.bufferedAmount = SLOW_BYTES + 1
    raw.send([ROOM], 'typing', { mayBeDropped: true })
    raw.send([ROOM], 'message', { mayBeDropped: false })
    expect([quick.sent, slow.sent]).toEqual([['typing', 'message'], ['message']])
  })
})

describe('F2 a reader who does not read is cut before it costs a megabyte', () => {
  it('Socket.IO', async () => {
    let cuts = 0
    const { join } = await socketIoServer(() => (cuts += 1))
    const { client, socket } = await join()
    clog(socket)
    socket.emit('unsent', 'x'.repeat(BACKLOG_BYTES_MAX - 100))
    expect(cuts).toBe(0)
    socket.emit('unsent', 'x'.repeat(100))
    socket.emit('unsent', 'once cut, nothing counts')
    expect(cuts).toBe(1)
    await expect.poll(() => client.connected).toBe(false)
  })

  it('raw WebSocket: with what is about to be sent', async () => {
    const { raw, join, cuts } = rawServer()
    const { socket, sent } = await join()
    socket.bufferedAmount = BACKLOG_BYTES_MAX - 6
    raw.send([ROOM], 'ببب', { mayBeDropped: false })
    expect(sent).toEqual(['ببب'])
    raw.send([ROOM], 'بببx', { mayBeDropped: false })
    expect([sent, socket.isCut, cuts()]).toEqual([['ببب'], true, 1])
  })
})

/** The raw side alone, with sockets that take what they are given and say what they hold. */
function rawServer() {
  let cuts = 0
  const actor: VisitorActor = { kind: 'visitor', workspaceId: 'wsp_a', visitorId: 'v', bound: false }
  const raw = createRawSockets(
    { identify: { visitor: async () => actor }, log: createLogger('test', 'silent') } as unknown as GatewayDeps,
    {
      admission: createAdmission({
        perAddress: Infinity,
        inAll: Infinity,
        trustedProxies: [],
        leaving: () => undefined,
      }),
      drain: createDrain(),
      onConnected: () => {},
      onPublished: () => {},
      onCut: () => (cuts += 1),
    },
  )
  onTestFinished(() => raw.close())
  const join = async () => {
    const sent: string[] = []
    const socket = Object.assign(new EventEmitter(), {
      bufferedAmount: 0,
      readyState: 1,
      OPEN: 1,
      isCut: false,
      send: (frame: string) => void sent.push(frame),
      close: () => {},
      terminate: () => void (socket.isCut = true),
    })
    raw.accept(socket as unknown as WebSocket, { headers: {}, socket: {} } as IncomingMessage)
    const hello = { id: 1, op: 'hello', input: { protocol: 1, key: `dosti_pub_${'k'.repeat(32)}`, visitorId: 'v' } }
    socket.emit('message', Buffer.from(JSON.stringify(hello)), false)
    await expect.poll(() => sent.splice(0).length).toBe(1)
    return { socket, sent }
  }
  return { raw, join, cuts: () => cuts }
}
