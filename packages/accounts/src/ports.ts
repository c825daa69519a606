import type { Agent, AgentId, FleetingEvent, IdPrefix, VisitorId, WorkspaceId } from '@dosti/contracts'

/** A public key as stored. */
export interface PublicKey {
  key: string
  workspaceId: WorkspaceId
  workspaceName: string
  /** Origins such as `https://example.com`; none listed means every origin. */
  allowedOrigins: string[]
  revokedAt: number | null
}

/** A signed-in agent, as found by session or ticket. */
export interface Session {
  id: string
  workspaceId: WorkspaceId
  workspaceName: string
  agent: Agent & { email: string }
  /** Milliseconds since 1970. */
  expiresAt: number
  /** Since when it does not hold any more: it, or the agent's membership, was ended, or its time is over by the store's clock. */
  revokedAt: number | null
}

/** Something that gave access and does no more. */
export interface Revoked {
  kind: 'session' | 'key' | 'token'
  /** The session's id, the key itself, or the digest of a visitor's token. */
  id: string
}

/** Where workspaces, people, keys and tokens live. Secrets arrive as digests; no plain secret is ever stored. */
export interface AccountStore {
  findKey(key: string): Promise<PublicKey | undefined>
  revokeKey(workspaceId: WorkspaceId, key: string): Promise<void>
  /** E-mail is compared in lower case. */
  findCredentials(
    email: string,
  ): Promise<{ workspaceId: WorkspaceId; agentId: AgentId; passwordHash: string } | undefined>
  createSession(session: {
    id: string
    digest: string
    workspaceId: WorkspaceId
    agentId: AgentId
    expiresAt: number
  }): Promise<Session>
  findSession(digest: string): Promise<Session | undefined>
  showSession(workspaceId: WorkspaceId, sessionId: string): Promise<Session | undefined>
  revokeSession(workspaceId: WorkspaceId, sessionId: string): Promise<void>
  /** Sessions, public keys and visitors' tokens that were revoked, or have expired, within the last so many milliseconds; of every workspace. */
  revokedWithin(withinMs: number): Promise<Revoked[]>
  createTicket(ticket: {
    digest: string
    workspaceId: WorkspaceId
    sessionId: string
    expiresInMs: number
  }): Promise<void>
  /** Takes the ticket out of use and returns its session; undefined if unknown, used or expired, by the store's own clock. */
  takeTicket(digest: string): Promise<Session | undefined>
  agents(workspaceId: WorkspaceId): Promise<Agent[]>
  findAgent(workspaceId: WorkspaceId, agentId: AgentId): Promise<Agent | undefined>
  /** Ends the membership: no session of this agent holds any more, nobody can sign in as them, no alert rings for them. */
  removeAgent(workspaceId: WorkspaceId, agentId: AgentId): Promise<void>
  setAvailability(workspaceId: WorkspaceId, agentId: AgentId, available: boolean): Promise<Agent | undefined>
  /** A visitor whose id the server made, bound to a token from the start. */
  createVisitor(visitor: {
    workspaceId: WorkspaceId
    visitorId: VisitorId
    name: string | null
    tokenDigest: string
  }): Promise<void>
  revokeToken(workspaceId: WorkspaceId, visitorId: VisitorId, tokenDigest: string): Promise<void>
  /** Undefined if nobody wrote under this id yet; `tokenMatches` tells whether the digest given is one of the visitor's tokens that hold. */
  findVisitor(
    workspaceId: WorkspaceId,
    visitorId: VisitorId,
    tokenDigest?: string,
  ): Promise<{ bound: boolean; tokenMatches: boolean } | undefined>
}

/** Everything that needs randomness or cryptography. */
export interface Secrets {
  /** 256 random bits, base64url, 43 characters. */
  token(): string
  /** SHA-256, hex. */
  digest(token: string): string
  /** Argon2id with its parameters in the result. */
  hashPassword(password: string): Promise<string>
  verifyPassword(password: string, hash: string): Promise<boolean>
}

/** Milliseconds since 1970. */
export type Clock = () => number

/** Names for new things. */
export interface Ids {
  next<P extends IdPrefix>(prefix: P): `${P}_${string}`
}

/** Holds off who tries ids to find one that somebody has. Throws `rate.limited`. */
export interface GuessFence {
  countUnknown(workspaceId: WorkspaceId, address: string, visitorId: VisitorId): Promise<void>
}

/** Live push to all agents of a workspace, best effort. */
export interface AgentsPublisher {
  publishToAgents(workspaceId: WorkspaceId, event: FleetingEvent): void
}

export interface AccountPorts {
  store: AccountStore
  secrets: Secrets
  clock: Clock
  /** Measures spans, in milliseconds; never steps back. */
  stopwatch: Clock
  ids: Ids
  publisher: AgentsPublisher
  fence: GuessFence
}
