/** One live connection of each kind that a customer may build, with every byte that it receives. */
import { once } from 'node:events'
import type { Reply } from '@dosti/contracts'
import { io, type Socket } from 'socket.io-client'
import { WebSocket } from 'ws'

/** What a client does with what it hears. */
export interface Hearing {
  bytes: (text: string) => void
  event: (name: string, data: Record<string, unknown>) => void
}

/** Of a client that is there only to ask. */
export const QUIET: Hearing = { bytes: () => {}, event: () => {} }

/** A connection that is up. */
export interface Line {
  /** Rejects when no answer came: the outcome is then unknown. */
  ask: (operation: string, input: object) => Promise<Reply<Record<string, unknown>>>
  close: () => void
  /** Resolves when the connection is gone, whoever ended it. */
  ended: Promise<void>
}

/** Connects; rejects if that does not come about. */
export type Dial = (url: string, hearing: Hearing) => Promise<Line>

/** D8 promises an answer within three seconds; what comes later than this counts as none, in milliseconds. */
export const ANSWER_MS = 5000
const CONNECT_MS = 4000

/** Socket.IO in the extended protocol. */
export const dialExtended =
  (credentials: () => Promise<Record<string, unknown>>): Dial =>
  async (url, hearing) => {
    const auth = { protocol: 1, ...(await credentials()) }
    const socket = io(url, { auth, transports: ['websocket'], ...ONCE })
    return openSocket(socket, hearing, (operation, input) => socket.timeout(ANSWER_MS).emitWithAck(operation, input))
  }

/** Socket.IO as the integration guide says; default transports poll first and then upgrade. */
export const dialPublished =
  (query: Record<string, string>, transports: ('polling' | 'websocket')[]): Dial =>
  async (url, hearing) => {
    const socket = io(url, { query, transports, ...ONCE })
    return openSocket(socket, hearing, async (_operation, { text, clientMessageId }) => {
      const payload = { type: 'saas', message: text, clientMessageId }
      const reply = (await socket.timeout(ANSWER_MS).emitWithAck('send_message', payload)) as PublishedAnswer
      return fromPublished(reply)
    })
  }

/** A raw WebSocket in the extended protocol. */
export const dialRaw =
  (credentials: Record<string, unknown>): Dial =>
  async (url, hearing) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { handshakeTimeout: CONNECT_MS })
    const waiting = new Map<number, (frame: Record<string, unknown>) => void>()
    const ended = Promise.withResolvers<void>()
    socket.on('close', () => ended.resolve()).on('error', () => ended.resolve())
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      hearing.bytes(text)
      const frame = JSON.parse(text) as Record<string, unknown>
      if ('event' in frame) hearing.event(String(frame['event']), frame['data'] as Record<string, unknown>)
      else waiting.get(Number(frame['id']))?.(frame)
    })
    await within(once(socket, 'open'), CONNECT_MS, () => socket.terminate())
    let last = 0
    const line: Line = {
      async ask(op, input) {
        last += 1
        const id = last
        const answer = Promise.withResolvers<Record<string, unknown>>()
        waiting.set(id, answer.resolve)
        void ended.promise.then(() => answer.reject(new Error('the connection ended')))
        answer.promise.catch(() => {})
        socket.send(JSON.stringify({ id, op, input }), () => {})
        try {
          return (await within(answer.promise, ANSWER_MS)) as never
        } finally {
          waiting.delete(id)
        }
      },
      close: () => socket.terminate(),
      ended: ended.promise,
    }
    const reply = await line.ask('hello', { protocol: 1, ...credentials })
    if (!reply.ok) {
      socket.terminate()
      throw new Error(`hello was refused: ${reply.error.code}`)
    }
    return line
  }

/** The published REST send as a line: it is always up, and each question is a connection of its own making. */
export function restLine(api: string, who: Record<string, string>, hearing: Pick<Hearing, 'bytes'>): Line {
  const ended = Promise.withResolvers<void>()
  return {
    async ask(_operation, input) {
      const { text, clientMessageId } = input as { text: string; clientMessageId?: string }
      const { body } = await askHttp(`${api}/api/chat/send`, { ...who, message: text, clientMessageId }, hearing)
      return fromPublished(body as unknown as PublishedAnswer)
    },
    close: ended.resolve,
    ended: ended.promise,
  }
}

/** JSON over HTTP. Rejects if no answer came, or one that is not the product's own. */
export async function askHttp(
  url: string,
  body: object | undefined,
  hearing: Pick<Hearing, 'bytes'>,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown>; cookie: string }> {
  const response = await fetch(url, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    signal: AbortSignal.timeout(ANSWER_MS),
  })
  const text = await response.text()
  hearing.bytes(text)
  return {
    status: response.status,
    body: JSON.parse(text) as Record<string, unknown>,
    cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '',
  }
}

/** What a signed-in agent shows at one handshake. */
export async function askTicket(
  api: string,
  cookie: string,
  hearing: Pick<Hearing, 'bytes'>,
): Promise<{ ticket: string }> {
  const { status, body } = await askHttp(`${api}/api/v1/ticket.create`, {}, hearing, { cookie })
  if (status >= 400) throw new Error(`no ticket: ${JSON.stringify(body['error'])}`)
  return { ticket: (body['data'] as { ticket: string }).ticket }
}

interface PublishedAnswer {
  success: boolean
  id: string
  timestamp: number
  error: { code: string; message: string }
}

/** The published answer in the shape of the extended one, as far as a sender needs it. */
function fromPublished({ success, id, timestamp, error }: PublishedAnswer): Reply<Record<string, unknown>> {
  return success ? { ok: true, data: { event: { id, timestamp } } } : { ok: false, error: error as never }
}

const ONCE = { forceNew: true, reconnection: false, timeout: CONNECT_MS } as const

async function openSocket(
  socket: Socket,
  hearing: Hearing,
  ask: (operation: string, input: Record<string, unknown>) => Promise<Reply<Record<string, unknown>>>,
): Promise<Line> {
  const ended = Promise.withResolvers<void>()
  socket.io.engine.on('data', (data: unknown) => hearing.bytes(String(data)))
  socket.onAny((name: string, data: Record<string, unknown>) => hearing.event(name, data))
  socket.on('disconnect', () => ended.resolve())
  const open = Promise.withResolvers<void>()
  socket.once('connect', open.resolve).once('connect_error', open.reject)
  await within(open.promise, CONNECT_MS, () => socket.close())
  return {
    ask: (operation, input) =>
      Promise.race([
        ask(operation, input as Record<string, unknown>),
        ended.promise.then(() => {
          throw new Error('the connection ended')
        }),
      ]),
    close() {
      socket.close()
      ended.resolve()
    },
    ended: ended.promise,
  }
}

async function within<T>(work: Promise<T>, ms: number, late: () => void = () => {}): Promise<T> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => timeout.reject(new Error(`no answer within ${ms} ms`)), ms)
  try {
    return await Promise.race([work, timeout.promise])
  } catch (error) {
    late()
    throw error
  } finally {
    clearTimeout(timer)
  }
}
