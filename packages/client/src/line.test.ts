/** What `connection.ts` relies on, against a real Socket.IO server; another carrier has to pass the same. */
import { createServer, type Server as HttpServer } from 'node:http'
import { Server } from 'socket.io'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSocketIo, type Line, type LineHandlers } from './line.ts'
import type { RequestError } from './request-error.ts'

interface Heard {
  events: [string, unknown][]
  ends: RequestError[]
}

let http: HttpServer
let io: Server
let gateway: string
let lines: Line[]

beforeEach(async () => {
  http = createServer()
  io = new Server(http)
  lines = []
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  gateway = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})

afterEach(async () => {
  for (const line of lines) line.close()
  await io.close()
})

/** Opens a line and waits for its welcome or its end. */
async function open(): Promise<{ line: Line; heard: Heard }> {
  const heard: Heard = { events: [], ends: [] }
  const line = await new Promise<Line>((resolve) => {
    const handlers: LineHandlers = {
      onWelcome: () => resolve(opened),
      onEvent: (name, payload) => heard.events.push([name, payload]),
      onEnd: (error) => {
        heard.ends.push(error)
        resolve(opened)
      },
    }
    const opened = openSocketIo(gateway, { protocol: 1, key: 'k' }, handlers, { now: Date.now, first: 'websocket' })
  })
  lines.push(line)
  return { line, heard }
}

function welcomeAll(then: (socket: Parameters<Parameters<Server['on']>[1]>[0]) => void = () => undefined): void {
  io.on('connection', (socket) => {
    socket.emit('welcome', { protocol: 1, now: 0 })
    then(socket)
  })
}

const waitFor = async (isDone: () => boolean) => {
  await expect.poll(isDone, { timeout: 5000, interval: 5 }).toBe(true)
}

describe('a line over Socket.IO', () => {
  test('who asks a line that has ended is told at once, and so is who waited', async () => {
    welcomeAll()
    const { line } = await open()
    const asked = line.emit('typing.set', { typing: true }, 60_000)
    line.close()
    await expect(asked).rejects.toMatchObject({ code: 'service.unavailable' })
    await expect(line.emit('typing.set', { typing: true }, 60_000)).rejects.toMatchObject({
      code: 'service.unavailable',
    })
  })

  test('who asks when a ping is overdue, as after a sleep, is told at once', async () => {
    Object.assign(io.engine.opts, { pingInterval: 100, pingTimeout: 50 })
    welcomeAll()
    const { line, heard } = await open()
    expect(heard.ends).toEqual([])
    // Neither side's timers run meanwhile, as on a laptop that is shut.
    const wakes = Date.now() + 400
    while (Date.now() < wakes);
    const asked = line.emit('typing.set', { typing: true }, 60_000)
    await expect(asked).rejects.toMatchObject({ code: 'service.unavailable' })
  })

  test('says hello in auth, hears events, and brings replies', async () => {
    let hello: unknown
    welcomeAll((socket) => {
      hello = socket.handshake.auth
      socket.emit('typing.started', { visitorId: 'v' })
      socket.on('typing.set', (input: unknown, reply: (reply: unknown) => void) => reply({ ok: true, data: input }))
    })
    const { line, heard } = await open()
    expect(hello).toEqual({ protocol: 1, key: 'k' })
    expect(await line.emit('typing.set', { typing: true }, 1000)).toEqual({ ok: true, data: { typing: true } })
    await waitFor(() => heard.events.length === 1)
    expect(heard.events).toEqual([['typing.started', { visitorId: 'v' }]])
    expect(heard.ends).toEqual([])
  })

  test('ends with the server’s own refusal', async () => {
    io.use((_socket, next) =>
      next(Object.assign(new Error('no'), { data: { code: 'key.revoked', message: 'gone', retryAfterMs: 5 } })),
    )
    const { heard } = await open()
    expect(heard.ends).toMatchObject([{ code: 'key.revoked', retryAfterMs: 5 }])
  })

  test('ends as unreachable when nobody is there, over no transport', async () => {
    await io.close()
    const { heard } = await open()
    expect(heard.ends).toMatchObject([{ code: 'service.unavailable', outcomeUnknown: true }])
  })

  test('ends when the server hangs up, and an unanswered request with it', async () => {
    welcomeAll((socket) => socket.on('typing.set', () => socket.disconnect(true)))
    const { line, heard } = await open()
    await expect(line.emit('typing.set', { typing: true }, 5000)).rejects.toThrow()
    await waitFor(() => heard.ends.length === 1)
  })

  test('a request without an answer fails in time, the line stays', async () => {
    welcomeAll()
    const { line, heard } = await open()
    await expect(line.emit('typing.set', { typing: true }, 30)).rejects.toThrow()
    expect(heard.ends).toEqual([])
  })

  test('closed by us it is silent, and gone at the server', async () => {
    welcomeAll()
    const { line, heard } = await open()
    line.close()
    await waitFor(() => io.engine.clientsCount === 0)
    expect(heard.ends).toEqual([])
  })
})
