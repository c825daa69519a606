import type { ErrorCode, ErrorDetail, WireError } from '@dosti/contracts'

/** The codes after which the very same request may work later; a test holds them to the table of errors. */
export const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['rate.limited', 'service.unavailable', 'internal'])

/** Why a request was not answered as hoped, with the code of the table of errors. */
export class RequestError extends Error {
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined
  readonly details: ErrorDetail[] | undefined
  readonly requestId: string | undefined
  /** True after a time-out or a cut line: the request may have been carried out or not. */
  readonly outcomeUnknown: boolean

  constructor(wire: WireError, outcomeUnknown = false) {
    super(wire.message)
    this.name = 'RequestError'
    this.code = wire.code
    this.retryAfterMs = wire.retryAfterMs
    this.details = wire.details
    this.requestId = wire.requestId
    this.outcomeUnknown = outcomeUnknown
  }

  /** Whether the same request may work later. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code)
  }
}

/** The line is cut or silent; what became of the request is not known. */
export function unreachable(message = 'Dosti cannot be reached right now.'): RequestError {
  return new RequestError({ code: 'service.unavailable', message }, true)
}

/** There was no line to send the request over. */
export function neverSent(): RequestError {
  return new RequestError({ code: 'service.unavailable', message: 'Dosti cannot be reached right now.' })
}

/** Any thrown thing as a `RequestError`; what is none of ours counts as an unreachable server. */
export function asRequestError(error: unknown): RequestError {
  return error instanceof RequestError ? error : unreachable()
}

/** Who asks is refused, whatever is asked: the connection renews its credentials, or ends. */
export function concernsCredentials({ code }: RequestError): boolean {
  return /^(auth|key)\.|^(visitor\.token_required|origin\.denied)$/u.test(code)
}

/** An error as stores and screens keep it. */
export function toWire(error: RequestError): WireError {
  return {
    code: error.code,
    message: error.message,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  }
}

/** What should be a `WireError` in a reply of a server, or of a proxy before it. */
export function readWireError(value: unknown): WireError {
  return isWireError(value) ? value : { code: 'service.unavailable', message: 'Dosti cannot be reached right now.' }
}

/** A code that this version does not know passes: it counts as not retryable and its text is shown. */
function isWireError(value: unknown): value is WireError {
  if (typeof value !== 'object' || value === null || !('code' in value) || !('message' in value)) return false
  return typeof value.code === 'string' && typeof value.message === 'string'
}
