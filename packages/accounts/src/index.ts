import type { AgentActor, Handlers } from '@dosti/contracts'
import { listAgents, setAvailability } from './agents.ts'
import { createVisitor } from './create-visitor.ts'
import { identifyVisitor, type IdentifyVisitor } from './identify-visitor.ts'
import type { AccountPorts, Revoked } from './ports.ts'
import { remember } from './remember.ts'
import { actorOf, createTicket, endSession, showSession, startSession } from './sign-in.ts'

export type { IdentifyVisitor, VisitorCredentials } from './identify-visitor.ts'
export * from './ports.ts'

/** The operations of this domain. */
export type AccountOperation =
  | 'visitor.create'
  | 'session.start'
  | 'session.show'
  | 'session.end'
  | 'ticket.create'
  | 'agent.list'
  | 'availability.set'

export interface Accounts {
  handlers: Handlers<AccountOperation>
  identify: IdentifyVisitor
  /** The agent of a session token; throws `auth.expired`. */
  agentOfSession: (token: string) => Promise<AgentActor>
  /** The agent of a ticket, which is spent by asking; throws `auth.expired`. */
  agentOfTicket: (ticket: string) => Promise<AgentActor>
  /** What gave access and does so no more, for whoever holds connections that rest on it. */
  revokedWithin: (withinMs: number) => Promise<Revoked[]>
}

/** The domain of accounts over its ports. */
export function createAccounts(ports: AccountPorts): Accounts {
  const { store, secrets, stopwatch } = ports
  const itself = (key: string): string => key
  const findKey = remember((key) => store.findKey(key), itself, stopwatch)
  const findSession = remember((digest) => store.findSession(digest), itself, stopwatch)
  const findVisitor = remember<Parameters<typeof store.findVisitor>, Awaited<ReturnType<typeof store.findVisitor>>>(
    (...who) => store.findVisitor(...who),
    // A visitor's id is free text; what stands before it holds no blank.
    (workspaceId, visitorId, tokenDigest = '') => `${workspaceId} ${tokenDigest} ${visitorId}`,
    stopwatch,
  )
  return {
    handlers: {
      'visitor.create': createVisitor(ports),
      'session.start': startSession(ports),
      'session.show': showSession(ports),
      'session.end': endSession(ports),
      'ticket.create': createTicket(ports),
      'agent.list': listAgents(ports),
      'availability.set': setAvailability(ports),
    },
    identify: identifyVisitor(findKey, findVisitor, secrets, ports.fence),
    agentOfSession: async (token) => actorOf(await findSession(secrets.digest(token))),
    revokedWithin: (withinMs) => store.revokedWithin(withinMs),
    agentOfTicket: async (ticket) => actorOf(await store.takeTicket(secrets.digest(ticket))),
  }
}
