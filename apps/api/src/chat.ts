/** The published REST pipeline, `/api/chat/send` and `/api/chat/poll`: a thin translation onto the same operations. */
import {
  DostiError,
  ERRORS,
  publishedMessage,
  publishedError,
  type PublishedPage,
  type PublishedReply,
  type StoredEventOf,
  type VisitorActor,
} from '@dosti/contracts'
import { invalid, networkOf, REQUEST_DEADLINE_MS, withinDeadline } from '@dosti/runtime'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { bearer } from './authenticate.ts'
import type { ApiDeps } from './deps.ts'

/** Where the published routes live; every byte they answer is JSON with a boolean `success`. */
export const CHAT_PATH = '/api/chat/'

/** A long poll is answered after so many seconds at the latest. */
const WAIT_SECONDS_MAX = 25
/** Polls a minute for each visitor: ten a second, far above the sixty that always pass. */
const POLLS_PER_MINUTE = 600

/** The two routes of the guide. */
export function routeChat(app: FastifyInstance, deps: ApiDeps): void {
  const send = async (request: FastifyRequest): Promise<PublishedReply> => {
    const given = asRecord(request.body)
    const actor = await visitorOf(deps, request, given)
    const clientMessageId = given['clientMessageId'] ?? idempotencyKey(request)
    const input = { text: given['message'], ...(clientMessageId === undefined ? {} : { clientMessageId }) }
    const reply = await deps.dispatch(actor, 'message.send', input, { requestId: request.id })
    if (!reply.ok) {
      const error = publishedError(reply.error)
      throw new DostiError(error.code, error)
    }
    const event = reply.data.event as StoredEventOf<'message.sent'>
    const { id, timestamp, data } = event
    return {
      success: true,
      id,
      timestamp,
      clientMessageId: data.clientMessageId ?? null,
      message: publishedMessage(event),
    }
  }
  app.post(`${CHAT_PATH}send`, (request) => withinDeadline(send(request)))

  const poll = async (
    request: FastifyRequest,
    given: Record<string, unknown>,
    waitMs: number,
  ): Promise<PublishedPage> => {
    const actor = await visitorOf(deps, request, given)
    await deps.limits.take('chat.poll', `${actor.workspaceId} ${actor.visitorId}`, POLLS_PER_MINUTE)
    // P4: a key that is revoked while the answer is held back gets a refusal instead.
    const stillMay = () => visitorOf(deps, request, given)
    const hold = waitMs === 0 ? undefined : { waitMs, stillMay, isGone: () => request.raw.socket.destroyed }
    const { messages, nextTimestamp, hasMore, truncated } = await deps.poll(actor, given['lastTimestamp'], hold)
    return {
      success: true,
      messages: messages.map(publishedMessage),
      nextTimestamp,
      hasMore,
      ...(truncated ? { truncated } : {}),
    }
  }
  const answerPoll = (request: FastifyRequest, given: Record<string, unknown>): Promise<PublishedPage> => {
    const waitMs = readWait(given['wait'])
    return withinDeadline(poll(request, given, waitMs), REQUEST_DEADLINE_MS + waitMs)
  }
  app.get(`${CHAT_PATH}poll`, (request) => answerPoll(request, asRecord(request.query)))
  app.post(`${CHAT_PATH}poll`, (request) => answerPoll(request, asRecord(request.body)))
}

/** How long a poll may be held back: `wait` in seconds, at most 25 (proxies cut at 30). Missing: not at all. In milliseconds. */
function readWait(value: unknown): number {
  if (value === undefined || value === null || value === '') return 0
  const seconds = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  if (Number.isNaN(seconds) || seconds < 0)
    throw invalid([{ path: 'wait', problem: 'must be a number of seconds, not negative' }])
  return Math.min(seconds, WAIT_SECONDS_MAX) * 1000
}

function visitorOf(
  { accounts }: ApiDeps,
  request: FastifyRequest,
  { apiKey: key, visitorId, visitorName }: Record<string, unknown>,
): Promise<VisitorActor> {
  return accounts.identify.visitor({
    key,
    visitorId,
    visitorName,
    visitorToken: bearer(request),
    origin: request.headers.origin,
    address: networkOf(request.ip),
  })
}

function idempotencyKey(request: FastifyRequest): string | undefined {
  const header = request.headers['idempotency-key']
  return typeof header === 'string' ? header : undefined
}

/** A body that is no object has no fields: each is then missing, and says so. */
function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

/** How an error looks on these routes. */
export const chatError = (error: unknown): { success: false; error: unknown } => ({ success: false, error })

/** Statuses that a chat route may answer, for the documents. */
export const CHAT_STATUSES: number[] = [...new Set(Object.values(ERRORS).map(({ status }) => status))].sort(
  (a, b) => a - b,
)
