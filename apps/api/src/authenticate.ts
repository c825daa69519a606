/** From an HTTP request to an actor: an agent by the session cookie, a visitor by key, id and token in headers. */
import { DostiError, OPERATIONS, type Actor, type OperationName } from '@dosti/contracts'
import { networkOf } from '@dosti/runtime'
import type { FastifyRequest } from 'fastify'
import type { ApiDeps } from './deps.ts'
import { sessionToken } from './session-cookie.ts'

/** Who asks for an operation. Throws where credentials are shown and do not hold. */
export async function authenticate(
  { accounts, config }: Pick<ApiDeps, 'accounts' | 'config'>,
  request: FastifyRequest,
  operation: OperationName,
): Promise<Actor> {
  const key = request.headers['x-dosti-key']
  if (key !== undefined) {
    const visitorId = visitorIdHeader(request)
    const { origin } = request.headers
    if (visitorId === undefined) return accounts.identify.guest({ key, origin })
    return accounts.identify.visitor({
      address: networkOf(request.ip),
      key,
      visitorId,
      visitorToken: bearer(request),
      visitorName: undefined,
      origin,
    })
  }
  const token = sessionToken(request, config)
  if (token === undefined) return { kind: 'anyone' }
  refuseForeignPages(request)
  try {
    return await accounts.agentOfSession(token)
  } catch (error) {
    // Who may come without a session may come with a dead one: else an old cookie would bar the way to a new sign-in.
    const admits: readonly string[] = OPERATIONS[operation].actors
    if (admits.includes('anyone') && error instanceof DostiError && error.code === 'auth.expired')
      return { kind: 'anyone' }
    throw error
  }
}

/** The token of `Authorization: Bearer …`. */
export function bearer(request: FastifyRequest): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

// Headers are Latin-1, ids are any text: the id comes percent-encoded.
function visitorIdHeader(request: FastifyRequest): string | undefined {
  const header = request.headers['x-dosti-visitor']
  if (typeof header !== 'string') return undefined
  try {
    return decodeURIComponent(header)
  } catch {
    throw new DostiError('request.invalid', { message: 'X-Dosti-Visitor must be percent-encoded UTF-8.' })
  }
}

// A cookie is sent by the browser on its own, so a page of another site could use it: SameSite keeps it back, this refuses it too.
function refuseForeignPages(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new DostiError('access.denied', { message: 'Sign-in cookies work on the console alone.' })
}
