/** HTTP in a closed loop over kept connections, written and read by hand so that the generator costs less than the server. */
import { createConnection, type Socket } from 'node:net'
import type { Watched } from './measure.ts'
import { createLoop, type LoopResult, type Reach } from './sends.ts'

/** One request, always the same. */
export interface Request {
  method: 'GET' | 'POST'
  path: string
  body?: string
}

export interface RequestsJob extends Watched {
  kind: 'requests'
  server: string
  /** Spread over the connections; each connection walks its share round and round. */
  requests: Request[]
  connections: number
  warmUpMs: number
  measureMs: number
  stops: boolean
  /** A text that every good answer holds. */
  expect: string
}

export async function runRequests(job: RequestsJob, reach: Reach): Promise<LoopResult> {
  const loop = createLoop(job.measureMs)
  const { hostname, port } = new URL(job.server)
  const sockets = await Promise.all(Array.from({ length: job.connections }, () => open(hostname, Number(port))))
  sockets.forEach((socket, index) => {
    const share = job.requests.filter((_, place) => place % job.connections === index)
    const own = share.length > 0 ? share : job.requests.slice(index % job.requests.length).slice(0, 1)
    drive(
      socket,
      own.map((request) => bytesOf(request, hostname)),
      loop,
      job.expect,
    )
  })
  const result = await loop.window(job, reach)
  for (const socket of sockets) socket.destroy()
  return { ...result, heard: 1 }
}

function open(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

function bytesOf({ method, path, body }: Request, host: string): string {
  const head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`
  if (body === undefined) return `${head}\r\n`
  return `${head}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

function drive(socket: Socket, requests: string[], loop: ReturnType<typeof createLoop>, expect: string): void {
  let next = 0
  let sentAt = 0
  let received = ''
  const send = (): void => {
    if (loop.over) return
    received = ''
    sentAt = performance.now()
    socket.write(requests[next % requests.length] ?? '')
    next += 1
  }
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    received = received === '' ? text : received + text
    const end = received.indexOf('\r\n\r\n')
    if (end === -1) return
    const length = /\r\ncontent-length: (\d+)/i.exec(received)?.[1]
    if (length === undefined || received.length < end + 4 + Number(length)) return
    loop.note(sentAt, received.startsWith('HTTP/1.1 200') && received.includes(expect))
    send()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    if (!loop.over) loop.failed += 1
  })
  send()
}
