import type { Input, OperationName, Output, Reply } from '@dosti/contracts'
import { asRequestError, readWireError, RequestError, unreachable } from './request-error.ts'

/** Who carries a request to the server and brings its reply; rejects with `RequestError` alone. */
export interface Requests {
  request: <N extends OperationName>(operation: N, input: Input<N>) => Promise<Output<N>>
}

/** Requests over HTTP, for what needs no socket or makes its credentials. */
export type Http = Requests

export interface HttpOptions {
  /** The api's address without a slash at its end; empty for the page's own origin. */
  api: string
  headers?: () => Record<string, string>
  /** Agents prove themselves by a same-origin cookie; visitors send none. */
  credentials?: RequestCredentials
  fetch?: typeof fetch
}

/** An answer later than this counts as none. */
const TIMEOUT_MS = 10_000

/** `POST {api}/api/v1/<operation>`; what a proxy says in place of the api becomes `service.unavailable`. */
export function createHttp({ api, headers, credentials = 'same-origin', fetch: send }: HttpOptions): Http {
  return {
    request: async <N extends OperationName>(operation: N, input: Input<N>) => {
      const carry = send ?? globalThis.fetch
      let reply: Reply<Output<N>>
      try {
        const response = await carry(`${api}/api/v1/${operation}`, {
          method: 'POST',
          credentials,
          headers: { 'content-type': 'application/json', ...headers?.() },
          body: JSON.stringify(input),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
        reply = await response.json()
      } catch (error) {
        throw asRequestError(error)
      }
      return readReply(reply)
    },
  }
}

/** The data of a reply, or its error thrown; what is no reply came from something between us and the server. */
export function readReply<T>(reply: Reply<T> | null | undefined): T {
  if (reply?.ok === true) return reply.data
  throw reply?.ok === false ? new RequestError(readWireError(reply.error)) : unreachable()
}
