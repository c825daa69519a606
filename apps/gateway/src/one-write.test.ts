import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { Server } from 'socket.io'
import { expect, it, onTestFinished, vi } from 'vitest'
import { writeOnce } from './one-write.ts'

/** A Socket.IO server with `writeOnce` and a bare line to it: what it received, and in how many writes that left. */
async function dial(query: string) {
  const http = createServer()
  const io = new Server(http, { serveClient: false, allowEIO3: true })
  writeOnce(io)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const connected = once(http, 'connection') as Promise<[Socket]>
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(async () => {
    socket.destroy()
    await io.close()
  })
  let received = ''
  socket.on('data', (data: Buffer) => (received += data.toString()))
  const [peer] = await connected
  // Each is one system call.
  const calls = [vi.spyOn(peer, '_write'), vi.spyOn(peer, '_writev' as never)]
  socket.write(
    `GET /socket.io/?transport=websocket&${query} HTTP/1.1\r\nHost: dosti\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  )
  return {
    io,
    socket,
    until: (text: string) => vi.waitFor(() => expect(received).toContain(text)),
    writes: () => calls.reduce((sum, { mock }) => sum + mock.calls.length, 0),
  }
}

it.each(['EIO=4', 'EIO=3'])('the answer to an upgrade and the opening packet are one write (%s)', async (query) => {
  const { until, writes } = await dial(query)
  await until('{"sid":')
  expect(writes()).toBe(query === 'EIO=4' ? 1 : 2) // version 2 clients are told at once that they joined
})

it('an upgrade that opens no connection is answered all the same', async () => {
  const { until, writes } = await dial('EIO=4&transport=polling')
  await until('HTTP/1.1 101')
  expect(writes()).toBe(1)
})

it('what is said in one turn is one write, and nothing stays behind', async () => {
  const { io, socket, until, writes } = await dial('EIO=4')
  await until('{"sid":')
  io.on('connection', (one) => {
    for (const name of ['a', 'b', 'c']) one.emit(name)
  })
  // A text frame of "40", masked with zeros.
  socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]))
  await until('42["c"]')
  expect(writes()).toBe(3) // the opening, that it joined, and all three
})
