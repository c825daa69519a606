import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { BODY_BYTES_MAX, DostiError, ERRORS, type WireError } from '@dosti/contracts'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { wireErrorOf } from './dispatch.ts'
import type { Logger } from './logger.ts'

export interface HttpOptions {
  log: Logger
  trustedProxies?: string[]
  /** How an error looks at an address; `{ error }` where nothing else is said. */
  errorBody?: (path: string, error: WireError) => unknown
  /** What every answer carries beside the request's id. */
  headers?: Record<string, string>
  /** Requests under way when the server closes are answered first, for `FINISH_MS` at most (D9); else their connections are cut. */
  finishes?: boolean
}

/** A line on which nothing moves for so long is cut: answers that nobody reads would be kept for ever. Above any poll and keep-alive. */
const SILENCE_MS = 70_000

/** Every request that came whole is answered sooner, or refused: operations have a deadline. */
const FINISH_MS = 5000

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const

/** A Fastify server with Dosti's limits, time-outs, request ids and one shape for everything that fails. Does not listen. */
export function createHttp({
  log,
  trustedProxies = [],
  errorBody = (_path, error) => ({ error }),
  headers = {},
  finishes = false,
}: HttpOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: 15_000,
    connectionTimeout: SILENCE_MS,
    keepAliveTimeout: 65_000,
    onProtoPoisoning: 'remove',
    onConstructorPoisoning: 'remove',
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    genReqId: requestIds(),
    clientErrorHandler: refuseUnreadable,
    forceCloseConnections: !finishes,
    // Who asks on a line that is about to close gets an answer like anybody, and hears that the line closes.
    return503OnClosing: !finishes,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => void fail(error, request, reply),
  })

  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const wire = wireErrorOf(expected(error), {
      log,
      request: { requestId: request.id },
      operation: request.routeOptions?.url ?? 'http',
    })
    if (wire.retryAfterMs !== undefined) void reply.header('retry-after', Math.ceil(wire.retryAfterMs / 1000))
    return reply.code(ERRORS[wire.code].status).send(errorBody(pathOf(request), wire))
  }
  app.setErrorHandler((error, request, reply) => fail(error, request, reply))
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    const allowed = METHODS.filter((method) => app.findRoute({ url: path, method }) !== null)
    if (allowed.length === 0) return fail(new DostiError('request.unknown'), request, reply)
    return fail(
      new DostiError('request.method', { message: `This address takes ${allowed.join(' and ')}.` }),
      request,
      reply.header('allow', allowed.join(', ')),
    )
  })
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  const everywhere = { 'x-content-type-options': 'nosniff', ...headers }
  app.addHook('onSend', (request, reply, _payload, done) => {
    void reply.header('x-request-id', request.id).headers(everywhere)
    if (isClosing) void reply.header('connection', 'close')
    done()
  })
  if (finishes) finishRequests(app)
  return app
}

/**
 * A server that closes answers what is under way, for `FINISH_MS` at most. Node by itself would wait for lines that never asked
 * anything, or not wholly, and minds no time-out any more.
 */
function finishRequests(app: FastifyInstance): void {
  const lines = new Set<Socket>()
  app.server.on('connection', (line: Socket) => {
    lines.add(line)
    line.once('close', () => lines.delete(line))
  })
  app.addHook('preClose', async () => {
    for (const line of lines) if (!answerOn(line)) line.destroy()
    setTimeout(() => app.server.closeAllConnections(), FINISH_MS).unref()
  })
}

/** The answer that a line waits for; private in Node's types. */
function answerOn(line: Socket): { headersSent: boolean } | undefined {
  return (line as Socket & { _httpMessage?: { headersSent: boolean } | null })._httpMessage ?? undefined
}

/** A request that Node cannot read has no reply to it, only a socket. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  // The client is gone, or an answer is under way already.
  if (error.code === 'ECONNRESET' || !socket.writable || answerOn(socket)?.headersSent === true)
    return void socket.destroy()
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW'
  const code = tooLarge ? 'request.too_large' : 'request.invalid'
  const message = tooLarge ? 'The address and headers are larger than 16 kB.' : 'This is not a valid HTTP request.'
  socket.end(refusalText({ code, message }))
}

/** A whole HTTP answer for a bare socket. It fits every road: `ok` for the operations, `success` for the chat pipeline. */
export function refusalText(error: WireError): string {
  const { status } = ERRORS[error.code]
  const body = JSON.stringify({ ok: false, success: false, error })
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...(error.retryAfterMs === undefined ? {} : { 'Retry-After': Math.ceil(error.retryAfterMs / 1000) }),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`
}

/** Names for requests: unique over processes by a random beginning, and cheap. */
function requestIds(): () => string {
  const process = randomUUID().slice(0, 8)
  let count = 0
  return () => {
    count += 1
    return `${process}-${count.toString(36)}`
  }
}

/** The address without its query: queries hold keys and must not reach logs. */
export function pathOf(request: FastifyRequest): string {
  const end = request.url.indexOf('?')
  return end === -1 ? request.url : request.url.slice(0, end)
}

/** What Fastify refuses by itself, in Dosti's words; anything else stays a bug. */
function expected(error: unknown): unknown {
  if (error instanceof DostiError || !(error instanceof Error)) return error
  const { code, statusCode } = error as FastifyError
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new DostiError('request.too_large')
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new DostiError('request.media_type')
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY')
    return new DostiError('request.invalid', { message: 'The body is empty; send a JSON object.' })
  if (error instanceof SyntaxError || code === 'FST_ERR_CTP_INVALID_JSON_BODY')
    return new DostiError('request.invalid', { message: 'The body is not valid JSON.' })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new DostiError('request.invalid', { message: `${error.message}.`, cause: error })
  return error
}
