import { once } from 'node:events'
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clearUp, startProxy, type Proxy } from './proxy.ts'

let server: Server
let proxy: Proxy
beforeEach(async () => {
  server = createServer((socket) => void socket.on('error', () => {}).pipe(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  proxy = await startProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
})
afterEach(async () => {
  await proxy.close()
  server.close()
})

const dial = async (): Promise<{ socket: Socket; heard: () => string; ended: Promise<string> }> => {
  const socket = createConnection({ port: proxy.port, host: '127.0.0.1' })
  let text = ''
  const ended = Promise.withResolvers<string>()
  socket.on('data', (data: Buffer) => (text += data.toString()))
  socket.on('error', (error: NodeJS.ErrnoException) => ended.resolve(error.code ?? 'error'))
  socket.on('end', () => ended.resolve('end'))
  await once(socket, 'connect')
  return { socket, heard: () => text, ended: ended.promise }
}
const until = async (look: () => boolean): Promise<void> => {
  for (let left = 300; !look(); left -= 1) {
    if (left === 0) throw new Error('waited in vain')
    await wait(10)
  }
}

describe('the proxy', () => {
  it('carries both ways, whole and in order', async () => {
    const { socket, heard } = await dial()
    const text = 'abc'.repeat(100_000)
    socket.write(text)
    await until(() => heard().length === text.length)
    expect(heard()).toBe(text)
  })

  it('is late by what it is told', async () => {
    proxy.weather.latencyMs = 100
    const { socket, heard } = await dial()
    const from = performance.now()
    socket.write('x')
    await until(() => heard() === 'x')
    expect(performance.now() - from).toBeGreaterThanOrEqual(195)
  })

  it('frozen, it lets nothing through and ends nothing; thawed, it delivers', async () => {
    const { socket, heard } = await dial()
    proxy.weather.frozen = true
    socket.write('x')
    await wait(150)
    expect(heard()).toBe('')
    expect(proxy.count()).toBe(1)
    clearUp(proxy)
    await until(() => heard() === 'x')
  })

  it('resets after the byte that it is told', async () => {
    proxy.weather.resetAfterBytes = () => 5
    const { socket, heard, ended } = await dial()
    socket.write('123456789')
    await ended
    expect(heard()).toBe('12345')
    await until(() => proxy.count() === 0)
  })

  it('swallows the answer that it is to cut, though the question went through', async () => {
    const arrived: string[] = []
    server.on('connection', (socket) => socket.on('data', (data: Buffer) => arrived.push(data.toString())))
    const { promise: done, resolve } = Promise.withResolvers<void>()
    proxy.cut = { after: 'write', before: 'COMMIT', done: resolve }
    const { socket, heard, ended } = await dial()
    socket.write('COMMIT ')
    await until(() => heard() === 'COMMIT ')
    socket.write('write COMMIT')
    await done
    await ended
    expect(arrived.join('')).toBe('COMMIT write COMMIT')
    expect(heard()).toBe('COMMIT ')
  })
})
