/** What may go wrong, once: code -> HTTP status, whether the same request may work later, whose move it is, and the text. */
export const ERRORS = {
  'request.invalid': { status: 400, retry: false, blame: 'caller', text: 'The request is not valid.' },
  'request.unknown': { status: 404, retry: false, blame: 'caller', text: 'There is no such operation or address.' },
  'request.method': { status: 405, retry: false, blame: 'caller', text: 'This address does not take that method.' },
  'request.too_large': { status: 413, retry: false, blame: 'caller', text: 'The request is larger than 64 kB.' },
  'request.media_type': { status: 415, retry: false, blame: 'caller', text: 'Send the body as application/json.' },
  'key.missing': { status: 401, retry: false, blame: 'caller', text: 'Give your public key as apiKey.' },
  'key.malformed': {
    status: 401,
    retry: false,
    blame: 'caller',
    text: 'A public key begins with dosti_pub_ and has 42 characters in all.',
  },
  'key.unknown': {
    status: 401,
    retry: false,
    blame: 'caller',
    text: 'This public key does not exist. Copy it again; a letter may be missing.',
  },
  'key.revoked': {
    status: 401,
    retry: false,
    blame: 'caller',
    text: 'This public key was revoked. Ask whoever runs Dosti for a new one.',
  },
  'origin.denied': {
    status: 403,
    retry: false,
    blame: 'caller',
    text: 'This public key may not be used on this site. Ask whoever runs Dosti to allow it.',
  },
  'auth.missing': { status: 401, retry: false, blame: 'caller', text: 'Sign in first.' },
  'auth.invalid': { status: 401, retry: false, blame: 'caller', text: 'E-mail or password is wrong.' },
  'auth.expired': { status: 401, retry: false, blame: 'caller', text: 'The session has ended. Sign in again.' },
  'visitor.token_required': {
    status: 401,
    retry: false,
    blame: 'caller',
    text: 'This visitor is bound to a token. Send the token with the request.',
  },
  'access.denied': { status: 403, retry: false, blame: 'caller', text: 'You may not do this.' },
  'conversation.not_found': { status: 404, retry: false, blame: 'caller', text: 'There is no such conversation.' },
  'agent.not_found': { status: 404, retry: false, blame: 'caller', text: 'There is no such agent.' },
  'message.conflict': {
    status: 409,
    retry: false,
    blame: 'caller',
    text: 'This clientMessageId was used for another message. Use a new one.',
  },
  'protocol.outdated': {
    status: 426,
    retry: false,
    blame: 'caller',
    text: 'This version of the protocol is not spoken here. Reload or update.',
  },
  'rate.limited': { status: 429, retry: true, blame: 'caller', text: 'Too many requests. Wait before you try again.' },
  'service.unavailable': {
    status: 503,
    retry: true,
    blame: 'dependency',
    text: 'Dosti cannot store this right now. Try again in a moment.',
  },
  internal: { status: 500, retry: true, blame: 'dosti', text: 'Something went wrong on our side. It has been logged.' },
} as const satisfies Record<
  string,
  { status: number; retry: boolean; blame: 'caller' | 'dependency' | 'dosti'; text: string }
>

/** Every refusal a caller can meet. */
export type ErrorCode = keyof typeof ERRORS

/** One field that was not as it should be: where it stands and what is wrong with it. */
export interface ErrorDetail {
  path: string
  problem: string
}

/** Details as a sentence for people. */
export function wordDetails(details: readonly ErrorDetail[]): string {
  return `${details.map(({ path, problem }) => `${path || 'The request'} ${problem}`).join('; ')}.`
}

/** An error as every transport sends it. `requestId` finds the log line; `retryAfterMs` is in milliseconds. */
export interface WireError {
  code: ErrorCode
  message: string
  requestId?: string
  details?: ErrorDetail[]
  retryAfterMs?: number
}

/** The only error class that is thrown on purpose: a code of the table and a text that is safe for the caller. */
export class DostiError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetail[] | undefined
  readonly retryAfterMs: number | undefined

  constructor(
    code: ErrorCode,
    options: { message?: string; details?: ErrorDetail[]; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(options.message ?? ERRORS[code].text, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'DostiError'
    this.code = code
    this.details = options.details
    this.retryAfterMs = options.retryAfterMs
  }
}

/** The error as it goes over any wire. */
export function toWireError(error: DostiError, requestId?: string): WireError {
  return {
    code: error.code,
    message: error.message,
    ...(requestId === undefined ? {} : { requestId }),
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  }
}
