/** Agents' sessions: opaque tokens, stored as digests, revocable at any time. */
import { DostiError, type AgentActor, type Handler, type Me } from '@dosti/contracts'
import type { AccountPorts, Session } from './ports.ts'

/** A session lasts this long: 14 days, in milliseconds. */
const SESSION_MS = 14 * 24 * 60 * 60 * 1000
/** A ticket for one socket handshake lasts this long, in milliseconds. */
const TICKET_MS = 30_000

/** A session that holds, as an actor; throws `auth.expired` else. Pure. */
export function actorOf(session: Session | undefined): AgentActor {
  if (!session || session.revokedAt !== null) throw new DostiError('auth.expired')
  return {
    kind: 'agent',
    workspaceId: session.workspaceId,
    agentId: session.agent.id,
    agentName: session.agent.name,
    sessionId: session.id,
  }
}

/** session.start. The same answer after the same work, whether the e-mail is known or not. */
export const startSession = ({
  store,
  secrets,
  clock,
  ids,
}: Pick<AccountPorts, 'store' | 'secrets' | 'clock' | 'ids'>): Handler<'session.start'> => {
  const nobody = secrets.hashPassword('nobody has this password')
  return async (_actor, { email, password }, request) => {
    const known = await store.findCredentials(email.trim().toLowerCase())
    const right = await secrets.verifyPassword(password, known?.passwordHash ?? (await nobody))
    if (!known || !right || !request.session) throw new DostiError('auth.invalid')
    const token = secrets.token()
    const expiresAt = clock() + SESSION_MS
    const { workspaceId, agentId } = known
    const session = await store.createSession({
      id: ids.next('ses'),
      digest: secrets.digest(token),
      workspaceId,
      agentId,
      expiresAt,
    })
    request.session.start(token, expiresAt)
    return meOf(session)
  }
}

/** session.show */
export const showSession =
  ({ store }: Pick<AccountPorts, 'store'>): Handler<'session.show'> =>
  async (actor) => {
    const session = await store.showSession(actor.workspaceId, actor.sessionId)
    if (!session) throw new DostiError('auth.expired')
    return meOf(session)
  }

/** session.end */
export const endSession =
  ({ store }: Pick<AccountPorts, 'store'>): Handler<'session.end'> =>
  async (actor, _input, request) => {
    await store.revokeSession(actor.workspaceId, actor.sessionId)
    request.session?.end()
    return {}
  }

/** ticket.create: sockets cannot show a cookie of another origin, so the console fetches one of these for each handshake. */
export const createTicket =
  ({ store, secrets }: Pick<AccountPorts, 'store' | 'secrets'>): Handler<'ticket.create'> =>
  async (actor) => {
    const ticket = secrets.token()
    await store.createTicket({
      digest: secrets.digest(ticket),
      workspaceId: actor.workspaceId,
      sessionId: actor.sessionId,
      expiresInMs: TICKET_MS,
    })
    return { ticket, expiresInMs: TICKET_MS }
  }

/** Who is signed in, as the wire has it. */
export function meOf({ agent, workspaceId, workspaceName }: Session): Me {
  const { id, name, email, available } = agent
  return { agent: { id, name, email, available }, workspace: { id: workspaceId, name: workspaceName } }
}
