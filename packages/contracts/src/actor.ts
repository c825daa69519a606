import type { AgentId, VisitorId, WorkspaceId } from './ids.ts'

/** A visitor of a customer's site, or a device; `bound` once a visitor token proves the id. */
export interface VisitorActor {
  kind: 'visitor'
  workspaceId: WorkspaceId
  visitorId: VisitorId
  /** The last non-empty name given on this connection; stored at the next send. */
  visitorName?: string
  bound: boolean
  /** Nobody had written under this id when the visitor was identified. */
  isNew?: boolean
}

/** A member of the support team, signed in. */
export interface AgentActor {
  kind: 'agent'
  workspaceId: WorkspaceId
  agentId: AgentId
  agentName: string
  sessionId: string
}

/** Somebody who holds a public key and has no visitor id yet. */
export interface GuestActor {
  kind: 'guest'
  workspaceId: WorkspaceId
}

/** Somebody who has shown nothing: may only sign in. */
export interface AnyoneActor {
  kind: 'anyone'
}

/** Who asks. Computed once by the transport from credentials, never from the request's own words. */
export type Actor = VisitorActor | AgentActor | GuestActor | AnyoneActor

/** How the wire names the author of an event. */
export type Party =
  | { kind: 'visitor'; id: VisitorId; name: string | null }
  | { kind: 'agent'; id: AgentId; name: string }
  | { kind: 'system' }
