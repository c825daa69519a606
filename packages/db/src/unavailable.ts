import { DostiError } from '@dosti/contracts'

/** How long a caller is asked to wait before it tries again. */
const RETRY_AFTER_MS = 1000

// Connection lost, server going or coming, cancelled by a time-out, no lock, no room, read-only after a fail-over.
const SQL_STATES = /^(08...|53...|57014|57P0.|58...|55P03|25P0[234]|25006|40001|40P01)$/u
const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  // A socket file that is not there, as while a Postgres beside us is stopped.
  'ENOENT',
  'EMFILE',
])
// Prisma: unreachable, timed out, closed, no connection free, transaction expired, write conflict.
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2028', 'P2034'])
// What Prisma's adapter makes of a line that breaks: it drops the code.
const ADAPTER_KINDS = new Set(['ConnectionClosed', 'DatabaseNotReachable', 'SocketTimeout', 'TransactionAlreadyClosed'])
const PHRASES =
  /timeout exceeded when trying to connect|query read timeout|connection terminated|connection ended|not queryable|client was closed|after calling end on the pool/iu

/** The refusal that callers get while Postgres cannot be used; whether the last write was committed may be unknown. */
export function unavailable(cause: unknown): DostiError {
  return new DostiError('service.unavailable', { retryAfterMs: RETRY_AFTER_MS, cause })
}

/** Turns what the drivers throw when Postgres is away, frozen or overloaded into `service.unavailable`; other errors pass. */
export function translate(error: unknown): unknown {
  return isUnavailable(error) ? unavailable(error) : error
}

function isUnavailable(error: unknown): boolean {
  if (error instanceof DostiError) return false
  return chain(error).some(
    (link) =>
      codesOf(link).some((code) => SQL_STATES.test(code) || SYSTEM_CODES.has(code) || PRISMA_CODES.has(code)) ||
      ADAPTER_KINDS.has(String(link.kind)) ||
      PHRASES.test(link.message ?? ''),
  )
}

/** The SQLSTATE of a Postgres error, also of one that `translate` made a refusal of; else the empty string. */
export function sqlState(error: unknown): string {
  return (
    chain(error)
      .flatMap(codesOf)
      .find((code) => SQL_STATE_FORM.test(code) && !PRISMA_FORM.test(code)) ?? ''
  )
}

const SQL_STATE_FORM = /^(?=.*\d)[0-9A-Z]{5}$/u
const PRISMA_FORM = /^P[12]\d{3}$/u

interface Link {
  code?: unknown
  /** The SQLSTATE, where Prisma's adapter has put a word of its own into `code`. */
  originalCode?: unknown
  kind?: unknown
  message?: string
  cause?: unknown
  meta?: unknown
}

/** An error and everything it says it comes from: Prisma hides the driver's error in `meta`, and its cause is a plain object. */
function chain(error: unknown, depth = 0): Link[] {
  if (typeof error !== 'object' || error === null || depth > 5) return []
  const link: Link = error
  const hidden =
    typeof link.meta === 'object' && link.meta !== null && 'driverAdapterError' in link.meta
      ? link.meta.driverAdapterError
      : undefined
  return [link, ...chain(link.cause, depth + 1), ...chain(hidden, depth + 1)]
}

function codesOf({ originalCode, code }: Link): string[] {
  return [originalCode, code].filter((value) => typeof value === 'string')
}

/** True if Postgres itself said so, as of a lock that somebody holds: then it is there. */
export function isSqlError(error: unknown): boolean {
  return sqlState(error) !== '' && !/^(08|57P)/u.test(sqlState(error))
}
