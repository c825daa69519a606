/** People who speak the protocol as real clients would: over REST, Socket.IO (published and extended) and raw WebSocket. */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Reply } from '@dosti/contracts'
import { io, type Socket } from 'socket.io-client'
import { WebSocket } from 'ws'
import { onTestFinished } from 'vitest'
import type { TestAgent } from './world.ts'

/** Something that was told: its name and what it carried. */
export interface Heard {
  name: string
  data: Record<string, unknown>
}

/** A person on one road, who can ask and who remembers everything that was told. */
export interface Person {
  ask(operation: string, input?: unknown): Promise<Reply<Record<string, unknown>>>
  heard: Heard[]
}

/** Waits until a condition holds; fails with what it saw last. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what = 'it',
  timeoutMs = 5000,
): Promise<T> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`)
    await wait(10)
  }
}

/** Waits for an event of this name (the n-th, counting from 1). */
export function hear(person: Pick<Person, 'heard'>, name: string, nth = 1): Promise<Heard> {
  return until(() => person.heard.filter((heard) => heard.name === name)[nth - 1], `event ${name}`)
}

/** Long enough for whatever is under way to arrive; for proving that something does not. */
export const quiet = (forMs = 300): Promise<void> => wait(forMs)

/** JSON over HTTP, with the status. */
export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    headers: response.headers,
  }
}

/** Signs an agent in; gives the cookie. */
export async function signIn(api: string, { email, password }: TestAgent): Promise<string> {
  const { status, headers } = await post(`${api}/api/v1/session.start`, { email, password })
  if (status !== 200) throw new Error(`sign-in gave ${status}`)
  return headers.get('set-cookie')?.split(';')[0] ?? ''
}

/** A fresh socket ticket of an agent. */
export async function ticketOf(api: string, cookie: string): Promise<string> {
  const { body } = await post(`${api}/api/v1/ticket.create`, {}, { cookie })
  return String((body['data'] as Record<string, unknown>)['ticket'])
}

/** A person over REST: asks, hears nothing. */
export function overRest(api: string, headers: Record<string, string>): Person {
  return {
    ask: async (operation, input) => (await post(`${api}/api/v1/${operation}`, input ?? {}, headers)).body as never,
    heard: [],
  }
}

/** A stock Socket.IO client; resolves once connected, rejects with the refusal. */
export async function socketIo(
  gateway: string,
  options: Parameters<typeof io>[1] = {},
): Promise<{ socket: Socket; heard: Heard[] }> {
  const socket = io(gateway, { forceNew: true, reconnection: false, ...options })
  const heard: Heard[] = []
  socket.onAny((name: string, data: Record<string, unknown>) => heard.push({ name, data }))
  onTestFinished(() => void socket.close())
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  return { socket, heard }
}

/** A person over Socket.IO in the extended protocol. */
export async function overSocketIo(
  gateway: string,
  hello: Record<string, unknown>,
): Promise<Person & { socket: Socket }> {
  const { socket, heard } = await socketIo(gateway, { auth: { protocol: 1, ...hello }, transports: ['websocket'] })
  return { socket, heard, ask: (operation, input) => socket.timeout(5000).emitWithAck(operation, input ?? {}) as never }
}

/** A raw WebSocket, open, nothing said. `request` sends a frame and waits for its reply. */
export async function rawSocket(
  gateway: string,
): Promise<Person & { socket: WebSocket; replies: Map<unknown, unknown> }> {
  const socket = new WebSocket(`${gateway.replace('http', 'ws')}/ws`)
  const heard: Heard[] = []
  const replies = new Map<unknown, unknown>()
  socket.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as Record<string, unknown>
    if ('event' in frame) heard.push({ name: String(frame['event']), data: frame['data'] as Record<string, unknown> })
    else replies.set(frame['id'], frame)
  })
  onTestFinished(() => socket.close())
  await once(socket, 'open')
  let last = 0
  return {
    socket,
    heard,
    replies,
    async ask(op, input) {
      last += 1
      const id = last
      socket.send(JSON.stringify({ id, op, input: input ?? {} }))
      const { id: _id, ...reply } = (await until(() => replies.get(id), `the reply to ${op}`)) as Record<
        string,
        unknown
      >
      return reply as never
    },
  }
}

/** A person over a raw WebSocket who has said hello. */
export async function overWebSocket(
  gateway: string,
  hello: Record<string, unknown>,
): Promise<Person & { socket: WebSocket }> {
  const person = await rawSocket(gateway)
  const reply = await person.ask('hello', { protocol: 1, ...hello })
  if (!reply.ok) throw new Error(`hello was refused: ${reply.error.code}`)
  return person
}
