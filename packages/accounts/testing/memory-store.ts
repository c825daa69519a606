import type { Agent, AgentId, WorkspaceId } from '@dosti/contracts'
import type { AccountStore, PublicKey, Session } from '../src/ports.ts'

/** Who is there from the start, in the memory as in a seeded database. */
export interface Population {
  workspaces: {
    id: WorkspaceId
    name: string
    agents: { id: AgentId; name: string; email: string; passwordHash: string; available: boolean }[]
  }[]
  keys: Omit<PublicKey, 'workspaceName'>[]
}

interface StoredSession {
  id: string
  digest: string
  workspaceId: WorkspaceId
  agentId: AgentId
  expiresAt: number
  revokedAt: number | null
}

type Member = Population['workspaces'][number]['agents'][number] & { removedAt: number | null }
type Workspace = Omit<Population['workspaces'][number], 'agents'> & { agents: Member[] }

/**
 * Accounts in Maps, for unit tests: held to the same rules as Postgres by `registerAccountContract`. Long because it is the whole
 * port over the same few Maps.
 */
export function createMemoryAccountStore(population: Population, clock: () => number = Date.now): AccountStore {
  const keys = population.keys.map((key) => ({ ...key }))
  const workspaces = population.workspaces.map(({ agents, ...rest }) => ({
    ...rest,
    agents: agents.map((one) => ({ ...one, removedAt: null as number | null })),
  }))
  const sessions: StoredSession[] = []
  const tickets = new Map<string, { workspaceId: WorkspaceId; sessionId: string; expiresAt: number }>()
  /** When each token of a visitor was revoked, by digest. */
  const visitors = new Map<string, { bound: boolean; tokens: Map<string, number | null> }>()
  const workspaceOf = (id: WorkspaceId): Workspace | undefined => workspaces.find((workspace) => workspace.id === id)
  const memberOf = (workspaceId: WorkspaceId, agentId: AgentId): Member | undefined =>
    workspaceOf(workspaceId)?.agents.find(({ id }) => id === agentId)
  const membersOf = (workspaceId: WorkspaceId): Member[] =>
    (workspaceOf(workspaceId)?.agents ?? []).filter(({ removedAt }) => removedAt === null)
  const shown = (session: StoredSession | undefined): Session | undefined => {
    const workspace = session && workspaceOf(session.workspaceId)
    const member = session && memberOf(session.workspaceId, session.agentId)
    if (!session || !workspace || !member) return undefined
    const { id, workspaceId, expiresAt } = session
    const revokedAt = session.revokedAt ?? member.removedAt ?? (expiresAt <= clock() ? expiresAt : null)
    const agent = { ...agentOf(member), email: member.email }
    return { id, workspaceId, workspaceName: workspace.name, agent, expiresAt, revokedAt }
  }
  const findSession = (workspaceId: WorkspaceId, sessionId: string) =>
    sessions.find((session) => session.workspaceId === workspaceId && session.id === sessionId)
  return {
    findKey: async (key) => {
      const found = keys.find((one) => one.key === key)
      const workspace = found && workspaceOf(found.workspaceId)
      return workspace && { ...found, workspaceName: workspace.name }
    },
    revokeKey: async (workspaceId, key) => {
      const found = keys.find((one) => one.key === key && one.workspaceId === workspaceId)
      if (found) found.revokedAt ??= clock()
    },
    findCredentials: async (email) => {
      for (const { id: workspaceId, agents } of workspaces) {
        const member = agents.find((agent) => agent.email === email.toLowerCase())
        if (member?.removedAt === null) return { workspaceId, agentId: member.id, passwordHash: member.passwordHash }
      }
      return undefined
    },
    createSession: async (session) => {
      const stored = { ...session, revokedAt: null }
      const result = shown(stored)
      if (result === undefined) throw new Error('a session needs an agent')
      sessions.push(stored)
      return result
    },
    findSession: async (digest) => shown(sessions.find((session) => session.digest === digest)),
    showSession: async (workspaceId, sessionId) => shown(findSession(workspaceId, sessionId)),
    revokeSession: async (workspaceId, sessionId) => {
      const session = findSession(workspaceId, sessionId)
      if (session) session.revokedAt ??= clock()
    },
    revokedWithin: async (withinMs) => {
      const from = clock() - withinMs
      const recent = (at: number | null) => at !== null && at > from && at <= clock()
      return [
        ...sessions
          .filter((one) => recent(shown(one)?.revokedAt ?? null) || recent(one.expiresAt))
          .map(({ id }) => ({ kind: 'session' as const, id })),
        ...[...visitors.values()].flatMap(({ tokens }) =>
          [...tokens].flatMap(([id, at]) => (recent(at) ? [{ kind: 'token' as const, id }] : [])),
        ),
        ...keys.filter((one) => recent(one.revokedAt)).map(({ key }) => ({ kind: 'key' as const, id: key })),
      ]
    },
    createTicket: async ({ digest, expiresInMs, ...ticket }) =>
      void tickets.set(digest, { ...ticket, expiresAt: clock() + expiresInMs }),
    takeTicket: async (digest) => {
      const ticket = tickets.get(digest)
      if (ticket === undefined || ticket.expiresAt <= clock()) return undefined
      tickets.delete(digest)
      return shown(findSession(ticket.workspaceId, ticket.sessionId))
    },
    agents: async (workspaceId) => membersOf(workspaceId).map(agentOf).sort(byName),
    findAgent: async (workspaceId, agentId) => {
      const member = membersOf(workspaceId).find(({ id }) => id === agentId)
      return member && agentOf(member)
    },
    removeAgent: async (workspaceId, agentId) => {
      const member = memberOf(workspaceId, agentId)
      if (member === undefined) return
      member.removedAt ??= clock()
      member.available = false
    },
    setAvailability: async (workspaceId, agentId, available) => {
      const member = membersOf(workspaceId).find(({ id }) => id === agentId)
      if (member === undefined) return undefined
      member.available = available
      return agentOf(member)
    },
    createVisitor: async ({ workspaceId, visitorId, tokenDigest }) => {
      const key = `${workspaceId} ${visitorId}`
      if (visitors.has(key)) throw new Error('there is a visitor of this id')
      visitors.set(key, { bound: true, tokens: new Map([[tokenDigest, null]]) })
    },
    revokeToken: async (workspaceId, visitorId, tokenDigest) => {
      const tokens = visitors.get(`${workspaceId} ${visitorId}`)?.tokens
      if (tokens?.get(tokenDigest) === null) tokens.set(tokenDigest, clock())
    },
    findVisitor: async (workspaceId, visitorId, tokenDigest) => {
      const visitor = visitors.get(`${workspaceId} ${visitorId}`)
      return visitor && { bound: visitor.bound, tokenMatches: visitor.tokens.get(tokenDigest ?? '') === null }
    },
  }
}

function agentOf({ id, name, available }: Member): Agent {
  return { id, name, available }
}

function byName(a: Agent, b: Agent): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  return a.id < b.id ? -1 : 1
}
