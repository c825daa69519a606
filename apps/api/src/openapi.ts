/** OpenAPI 3.1 from the tables: nothing here is written twice. */
import {
  ERRORS,
  EVENTS,
  OPERATIONS,
  publishedPoll,
  publishedSend,
  type ErrorCode,
  type OperationName,
} from '@dosti/contracts'
import { z } from 'zod'
import { CHAT_PATH, CHAT_STATUSES } from './chat.ts'
import { OPERATIONS_PATH } from './operations.ts'

type Json = Record<string, unknown>

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' })
  return inlined(json)
}

/** Replaces local definitions by what they stand for: OpenAPI resolves references from the document's root. */
function inlined(json: Json): Json {
  const definitions = (json['$defs'] ?? {}) as Record<string, Json>
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== 'object' || value === null) return value
    const { $ref: reference, $defs: _definitions, id: _id, ...rest } = value as Json
    const target = typeof reference === 'string' ? definitions[reference.replace('#/$defs/', '')] : undefined
    return Object.fromEntries(
      Object.entries({ ...target, ...rest })
        .filter(([key]) => key !== '$defs')
        .map(([key, child]) => [key, walk(child)]),
    )
  }
  return walk(json) as Json
}

type ActorKind = (typeof OPERATIONS)[OperationName]['actors'][number]

/** What each kind of actor shows over HTTP, by the names below: one of the sets is enough. */
const CREDENTIALS: Record<ActorKind, Json[]> = {
  visitor: [
    { key: [], visitorId: [] },
    { key: [], visitorId: [], visitorToken: [] },
  ],
  guest: [{ key: [] }],
  agent: [{ session: [] }],
  anyone: [{}],
}

const securitySchemes = (cookie: string): Json => ({
  key: { type: 'apiKey', in: 'header', name: 'X-Dosti-Key', description: 'A public key.' },
  visitorId: { type: 'apiKey', in: 'header', name: 'X-Dosti-Visitor', description: 'Percent-encoded UTF-8.' },
  visitorToken: { type: 'http', scheme: 'bearer', description: 'Of a visitor id that the server made.' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: cookie,
    description: 'From session.start, on the console’s own pages.',
  },
})

const KEY_REFUSALS: ErrorCode[] = ['key.malformed', 'key.unknown', 'key.revoked', 'origin.denied']

/** What credentials of a kind are refused with. */
const REFUSALS: Record<ActorKind, ErrorCode[]> = {
  visitor: [...KEY_REFUSALS, 'visitor.token_required'],
  guest: KEY_REFUSALS,
  agent: ['auth.missing', 'auth.expired'],
  anyone: [],
}

const jsonBody = (schema: Json): Json => ({ content: { 'application/json': { schema } } })
const errorSchema = (envelope: Json): Json => ({
  type: 'object',
  properties: {
    ...envelope,
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { enum: Object.keys(ERRORS) },
        message: { type: 'string' },
        requestId: { type: 'string' },
        retryAfterMs: { type: 'integer' },
        details: { type: 'array', items: { type: 'object' } },
      },
    },
  },
})

function operationPath(name: OperationName): Json {
  const { summary, input, output, errors, perMinute } = OPERATIONS[name]
  const actors: readonly ActorKind[] = OPERATIONS[name].actors
  const codes = new Set<ErrorCode>([
    'request.invalid',
    'access.denied',
    'rate.limited',
    'service.unavailable',
    ...errors,
    ...actors.flatMap((kind) => REFUSALS[kind]),
  ])
  const statuses = Map.groupBy(codes, (code) => ERRORS[code].status)
  const refusals = [...statuses].map(([status, of]) => [
    status,
    { description: of.join(', '), ...jsonBody(errorSchema({ ok: { const: false } })) },
  ])
  return {
    post: {
      operationId: name,
      summary,
      description: `For: ${actors.join(', ')}. At most ${perMinute} a minute.`,
      security: actors.flatMap((kind) => CREDENTIALS[kind]),
      requestBody: jsonBody(schemaOf(input, 'input')),
      responses: {
        200: {
          description: 'Done.',
          ...jsonBody({ type: 'object', properties: { ok: { const: true }, data: schemaOf(output, 'output') } }),
        },
        ...Object.fromEntries(refusals),
      },
    },
  }
}

/** Key and visitor id stand in the body or the query; a bound id shows its token. */
const CHAT_SECURITY: Json[] = [{}, { visitorToken: [] }]

function chatPaths(): Json {
  const refusals = Object.fromEntries(
    CHAT_STATUSES.map((status) => [
      status,
      { description: 'Refused.', ...jsonBody(errorSchema({ success: { const: false } })) },
    ]),
  )
  const message = {
    type: 'object',
    properties: {
      id: { type: 'string' },
      sender: { enum: ['visitor', 'agent'] },
      senderName: { enum: ['You', 'Support'] },
      message: { type: 'string' },
      timestamp: { type: 'integer' },
    },
  }
  const sent = {
    type: 'object',
    properties: {
      success: { const: true },
      id: { type: 'string' },
      timestamp: { type: 'integer' },
      clientMessageId: { type: ['string', 'null'] },
      message,
    },
  }
  const page = {
    type: 'object',
    properties: {
      success: { const: true },
      messages: { type: 'array', items: message },
      nextTimestamp: { type: 'integer' },
      hasMore: { type: 'boolean' },
      truncated: { type: 'boolean' },
    },
  }
  const poll = {
    summary: 'Read messages, all or those after lastTimestamp.',
    security: CHAT_SECURITY,
    responses: { 200: { description: 'A page.', ...jsonBody(page) }, ...refusals },
  }
  const parameters = ['apiKey', 'visitorId', 'lastTimestamp', 'wait'].map((name) => ({
    name,
    in: 'query',
    required: name === 'apiKey' || name === 'visitorId',
    schema: { type: 'string' },
  }))
  return {
    [`${CHAT_PATH}send`]: {
      post: {
        operationId: 'chat.send',
        summary: 'Send a message as a visitor.',
        parameters: [{ name: 'Idempotency-Key', in: 'header', schema: { type: 'string' } }],
        security: CHAT_SECURITY,
        requestBody: jsonBody(schemaOf(publishedSend, 'input')),
        responses: { 200: { description: 'Stored.', ...jsonBody(sent) }, ...refusals },
      },
    },
    [`${CHAT_PATH}poll`]: {
      get: { operationId: 'chat.poll', parameters, ...poll },
      post: { operationId: 'chat.poll.post', requestBody: jsonBody(schemaOf(publishedPoll, 'input')), ...poll },
    },
  }
}

/** The whole document, as served at `/api/openapi.json`; `cookie` is the name of the session's. */
export function openApi(cookie: string): Json {
  const operations = Object.fromEntries(
    (Object.keys(OPERATIONS) as OperationName[]).map((name) => [`${OPERATIONS_PATH}${name}`, operationPath(name)]),
  )
  return {
    openapi: '3.1.0',
    info: {
      title: 'Dosti',
      version: '1',
      description: `Every request is answered once. Events are told over sockets: ${Object.keys(EVENTS).join(', ')}.`,
    },
    components: { securitySchemes: securitySchemes(cookie) },
    paths: { ...chatPaths(), ...operations },
  }
}
