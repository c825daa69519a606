import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { openWebSocket } from './web-socket.ts'

const LONG = { timeout: 5000 }

async function serve(): Promise<{ server: WebSocketServer; address: URL }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  onTestFinished(() => server.close())
  return { server, address: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/there?with=query`) }
}

test('texts of every length of frame arrive whole and in order, both ways, and both sides end', async () => {
  const sizes = [0, 1, 125, 126, 1000, 65_535]
  const texts = sizes.map((size) => '§'.repeat(size / 2) + 'x'.repeat(size % 2))
  const { server, address } = await serve()
  const [heard, ends] = [[] as string[], vi.fn()]
  server.on('connection', (peer, request) => {
    heard.push(request.url ?? '')
    peer.on('message', (data: Buffer) => {
      heard.push(data.toString())
      peer.send(data.toString())
    })
    peer.ping()
    peer.on('pong', () => peer.send('z'.repeat(200_000)))
    peer.on('close', (code) => ends(code))
  })
  const [came, closed] = [[] as string[], vi.fn()]
  const line = openWebSocket(address, { text: (text) => came.push(text), closed })
  await vi.waitFor(() => expect(came).toEqual(['z'.repeat(200_000)]), LONG)
  for (const text of texts) line.send(text)
  await vi.waitFor(() => expect(came).toHaveLength(1 + texts.length), LONG)
  expect(came.slice(1)).toEqual(texts)
  expect(heard).toEqual(['/there?with=query', ...texts])
  line.close()
  await vi.waitFor(() => expect([closed.mock.calls, ends.mock.calls]).toEqual([[[undefined]], [[1005]]]), LONG)
})

test.each(['close', 'terminate'] as const)('ends when the server hangs up by %s', async (hangUp) => {
  const { server, address } = await serve()
  const [closed, ends] = [vi.fn(), vi.fn()]
  server.on('connection', (peer) => {
    peer.on('close', (code) => ends(code))
    peer.send('hello')
    peer.on('message', () => peer[hangUp]())
  })
  const line = openWebSocket(address, { text: () => line.send('leave me'), closed })
  await vi.waitFor(() => expect(closed.mock.calls).toEqual([[undefined]]), LONG)
  // 1005: the goodbye was answered; 1006: there was none.
  await vi.waitFor(() => expect(ends.mock.calls).toEqual([[hangUp === 'close' ? 1005 : 1006]]), LONG)
})

test('a server that speaks no WebSocket, or is not there, is an error', async () => {
  const http = createServer((_request, response) => response.writeHead(403).end()).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`)
  const ending = () => new Promise((closed) => void openWebSocket(address, { text: () => {}, closed }))
  expect(await ending()).toMatchObject({ message: 'no WebSocket: HTTP/1.1 403 Forbidden' })
  http.close()
  http.closeAllConnections()
  expect(await ending()).toMatchObject({ code: 'ECONNREFUSED' })
})
