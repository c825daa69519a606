/** From a handshake to an actor and the protocol it speaks; both socket transports ask here, before a connection exists. */
import {
  DostiError,
  hello as helloSchema,
  PROTOCOL_VERSION,
  type Actor,
  type VisitorActor,
  type Welcome,
} from '@dosti/contracts'
import { detailsOf, digest, invalid } from '@dosti/runtime'
import type { GatewayDeps } from './deps.ts'
import type { Newcomer } from './tell-missed.ts'

/** `published` clients know the integration guide and nothing else; `extended` ones stated `protocol: 1`. */
export interface Introduced extends Newcomer {
  protocol: 'published' | 'extended'
  actor: Actor & { kind: 'visitor' | 'agent' }
  /** What the connection rests on, as rooms: when it is revoked, the room is emptied (P4). */
  credentialRooms: string[]
}

/** In a query string the number is text. */
const PROTOCOLS: readonly unknown[] = [PROTOCOL_VERSION, String(PROTOCOL_VERSION)]

type Identification = Pick<GatewayDeps, 'identify' | 'agentOfTicket'>

/** What a Socket.IO client says of itself: in the address, and in the `auth` of its first packet, which wins. */
export interface Handshake {
  query: Record<string, unknown>
  auth: Record<string, unknown>
  origin: string | undefined
}

/** Reads a handshake. Throws the refusal. Writes nothing. */
export async function introduce(deps: Identification, { query, auth, origin }: Handshake): Promise<Introduced> {
  // Addresses end up in logs and histories.
  if ('visitorToken' in query || 'ticket' in query)
    throw new DostiError('request.invalid', { message: 'Send visitorToken and ticket in auth, never in the address.' })
  const given = { ...query, ...auth }
  if (given['protocol'] !== undefined) return { protocol: 'extended', ...(await greet(deps, given, origin)) }
  // A public key is for visitors; agents come with a ticket, in the extended protocol.
  if (given['role'] === 'agent')
    throw new DostiError('access.denied', {
      message: 'A public key cannot make an agent. Agents sign in to the console.',
    })
  const { apiKey: key, visitorId, visitorName, visitorToken } = given
  const actor = await deps.identify.visitor({ key, visitorId, visitorName, visitorToken, origin })
  return { protocol: 'published', actor, credentialRooms: roomsOfVisitor(key, actor, visitorToken) }
}

/** Reads a `hello` of the extended protocol. Throws the refusal. */
export async function greet(
  deps: Identification,
  given: Record<string, unknown>,
  origin: string | undefined,
): Promise<Omit<Introduced, 'protocol'>> {
  if (!PROTOCOLS.includes(given['protocol'])) throw new DostiError('protocol.outdated')
  const parsed = helloSchema.safeParse({ ...given, protocol: PROTOCOL_VERSION, key: given['key'] ?? given['apiKey'] })
  if (!parsed.success) throw invalid(detailsOf(parsed.error))
  const { ticket, ...visitor } = parsed.data
  if (ticket === undefined) {
    const actor = await deps.identify.visitor({ ...visitor, key: visitor.key, origin })
    return { actor, credentialRooms: roomsOfVisitor(visitor.key, actor, visitor.visitorToken) }
  }
  const actor = await deps.agentOfTicket(ticket)
  return { actor, credentialRooms: [sessionRoom(actor.sessionId)] }
}

function roomsOfVisitor(key: unknown, { bound }: VisitorActor, token: unknown): string[] {
  return [keyRoom(String(key)), ...(bound ? [tokenRoom(digest(String(token)))] : [])]
}

/** Everybody connected by a public key. */
export const keyRoom = (key: string): string => `key:${key}`
/** Everybody connected by a visitor's token, of which this is the digest. */
export const tokenRoom = (tokenDigest: string): string => `token:${tokenDigest}`
/** Everybody connected by an agent's session. */
export const sessionRoom = (sessionId: string): string => `session:${sessionId}`

/** What an extended client is told once it is in. */
export function welcomeFor(actor: Introduced['actor'], now: number): Welcome {
  const who =
    actor.kind === 'agent' ? { agent: { id: actor.agentId, name: actor.agentName } } : { visitorId: actor.visitorId }
  return { protocol: PROTOCOL_VERSION, ...who, now }
}
