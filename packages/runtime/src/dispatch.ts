/**
 * THE ONE DOOR. Every transport hands `(actor, operation, input)` to `dispatch` and returns its reply. Here alone is a request
 * parsed, allowed, limited, run, and any failure turned into an error of the wire.
 */
import {
  DostiError,
  OPERATIONS,
  toWireError,
  wordDetails,
  type Actor,
  type ErrorCode,
  type ErrorDetail,
  type Handlers,
  type OperationName,
  type Output,
  type Reply,
  type RequestContext,
  type WireError,
} from '@dosti/contracts'
import type { Counter, Histogram } from 'prom-client'
import type { z } from 'zod'
import { withinDeadline } from './deadline.ts'
import type { Limits } from './limits.ts'
import type { Logger } from './logger.ts'

export interface DispatchOptions {
  handlers: Partial<Handlers>
  limits: Limits
  log: Logger
  metrics?: { requests: Counter<'operation' | 'outcome'>; seconds: Histogram<'operation'> }
}

/** Answers every request exactly once and never throws. */
export type Dispatch = <N extends OperationName>(
  actor: Actor,
  name: N,
  input: unknown,
  request: RequestContext,
) => Promise<Reply<Output<N>>>

/** Refusals that any request may meet, so no operation lists them. */
const ALWAYS_POSSIBLE = new Set<ErrorCode>([
  'request.invalid',
  'request.unknown',
  'auth.missing',
  'auth.expired',
  'access.denied',
  'rate.limited',
  'service.unavailable',
  'internal',
])

/** True if the name is a row of the table; safe for `__proto__` and friends. */
export function isOperation(name: unknown): name is OperationName {
  return typeof name === 'string' && Object.hasOwn(OPERATIONS, name)
}

/** Builds the door for the operations whose handlers are given; others are unknown here. */
export function createDispatch({ handlers, limits, log, metrics }: DispatchOptions): Dispatch {
  const run = async (actor: Actor, name: OperationName, input: unknown, request: RequestContext): Promise<unknown> => {
    const operation = isOperation(name) ? OPERATIONS[name] : undefined
    const handler = isOperation(name)
      ? (handlers[name] as ((...args: unknown[]) => Promise<unknown>) | undefined)
      : undefined
    if (!operation || !handler) throw new DostiError('request.unknown')
    if (!(operation.actors as readonly string[]).includes(actor.kind))
      throw new DostiError(actor.kind === 'anyone' ? 'auth.missing' : 'access.denied')
    await limits.take(name, subjectOf(actor, request), operation.perMinute)
    return handler(actor, parse(operation.input, input ?? {}), request)
  }
  return async (actor, name, input, request) => {
    const begun = performance.now()
    const operation = isOperation(name) ? name : 'unknown'
    try {
      const data = await withinDeadline(run(actor, name, input, request))
      metrics?.requests.inc({ operation, outcome: 'ok' })
      return { ok: true, data: data as Output<typeof name> }
    } catch (error) {
      const wire = wireErrorOf(error, { log, request, operation: name })
      metrics?.requests.inc({ operation, outcome: wire.code })
      return { ok: false, error: wire }
    } finally {
      metrics?.seconds.observe({ operation }, (performance.now() - begun) / 1000)
    }
  }
}

/** Parses an input or throws `request.invalid` that names each field and what is wrong with it. */
export function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  throw invalid(detailsOf(parsed.error))
}

/** What is wrong, field by field, in words that go on from the field's name. */
export function detailsOf(error: z.ZodError): ErrorDetail[] {
  return error.issues.map(({ path, message }) => ({ path: path.join('.'), problem: inOurWords(message) }))
}

// Most rules bring their own words; these are the schema library's for the rest.
function inOurWords(message: string): string {
  return message
    .replace(/^Invalid input: expected (\w+), received (\w+)$/, 'must be of the kind $1, not $2')
    .replace(/^Invalid input: expected (.+)$/, 'must be $1')
    .replace(/^Invalid option: expected one of (.+)$/, 'must be one of $1')
    .replace(/^Too (?:big|small): expected \w+ to (?:be|have) ([<>]=?)(\d+).*$/, 'must be $1 $2')
    .replace(/^Invalid input$/, 'is not valid')
}

/** `request.invalid`, worded for people from its details. */
export function invalid(details: ErrorDetail[]): DostiError {
  return new DostiError('request.invalid', { message: wordDetails(details), details })
}

/** Any failure as the caller may see it; what is not a DostiError is a bug: logged whole, told as `internal`. */
export function wireErrorOf(
  error: unknown,
  context: { log: Logger; request: RequestContext; operation: string },
): WireError {
  const { log, request, operation } = context
  if (!(error instanceof DostiError)) {
    log.error({ err: error, operation, requestId: request.requestId }, 'bug')
    return toWireError(new DostiError('internal'), request.requestId)
  }
  if (error.code === 'service.unavailable')
    log.warn({ err: error.cause ?? error, operation, requestId: request.requestId }, 'dependency away')
  if (
    isOperation(operation) &&
    !ALWAYS_POSSIBLE.has(error.code) &&
    !(OPERATIONS[operation].errors as readonly string[]).includes(error.code)
  ) {
    log.error({ operation, code: error.code }, 'an operation gave an error that its row in the table does not list')
  }
  return toWireError(error, request.requestId)
}

/** Whom limits count: a visitor, an agent, else an address. Ids are free text, so each part is marked off by its length. */
function subjectOf(actor: Actor, { address = 'unknown' }: RequestContext): string {
  switch (actor.kind) {
    case 'visitor':
      return `v${actor.workspaceId.length}:${actor.workspaceId}${actor.visitorId}`
    case 'agent':
      return `a${actor.workspaceId} ${actor.agentId}`
    case 'guest':
      return `g${actor.workspaceId} ${address}`
    case 'anyone':
      return `?${address}`
  }
}
