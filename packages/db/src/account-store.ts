import type { AccountStore, PublicKey, Session } from '@dosti/accounts'
import type { Agent, AgentId, VisitorId, WorkspaceId } from '@dosti/contracts'
import type pg from 'pg'
import {
  CREATE_TICKET,
  FIND_KEYS,
  FIND_SESSIONS,
  FIND_VISITORS,
  READ_REVOKED,
  REMOVE_AGENT,
  REVOKE_KEY,
  REVOKE_SESSION,
  REVOKE_TOKEN,
  TAKE_TICKETS,
  type SessionRow as FoundSession,
} from './account-statements.ts'
import { withConnection } from './client.ts'
import type { Db } from './client.ts'
import { gather } from './gather.ts'
import type { Agent as AgentRow, Session as SessionRow } from './generated/client.ts'
import { scoped, scopeText, transact } from './scope.ts'
import { call, run, runAll, type Call } from './statement.ts'

const WHOSE = { agent: { include: { workspace: true } } } as const

/** Workspaces, people, keys and tokens in Postgres. */
export function createAccountStore(db: Db): AccountStore {
  return { ...credentials(db), ...people(db), ...visitors(db) }
}

/** A look-up that many wait for at once, as after a restart of a gateway: one question for all of them. Rows say whom they are about. */
function lookUp<Q, R extends { place: number }, T>(
  db: Db,
  question: (asked: Q[]) => Call<R>,
  answer: (row: R, asked: Q) => T,
  ask = async (client: pg.PoolClient, asking: Call<R>): Promise<R[]> => (await runAll(client, [asking]))[0],
): (asked: Q) => Promise<T | undefined> {
  return gather(async (asked) => {
    const rows = await withConnection(db, (client) => ask(client, question(asked)))
    const answers: (T | undefined)[] = asked.map(() => undefined)
    for (const row of rows) {
      const index = row.place - 1
      answers[index] = answer(row, asked[index] as Q)
    }
    return answers
  })
}

function credentials(db: Db) {
  const findKey = lookUp(
    db,
    (keys: string[]) => call(FIND_KEYS, ['*', keys]),
    (row, key): PublicKey => ({
      key,
      workspaceId: row.workspace_id as WorkspaceId,
      workspaceName: row.workspace_name,
      allowedOrigins: row.allowed_origins,
      revokedAt: row.revoked_at,
    }),
  )
  const findSession = lookUp(db, (digests: string[]) => call(FIND_SESSIONS, ['*', digests]), toFoundSession)
  const takeTicket = lookUp(
    db,
    (digests: string[]) => call(TAKE_TICKETS, [digests]),
    toFoundSession,
    async (client, taking) => (await transact(client, '*', [taking]))[0],
  )
  return {
    findKey,
    async revokeKey(workspaceId, key) {
      await withConnection(db, (client) => transact(client, [workspaceId], [call(REVOKE_KEY, [workspaceId, key])]))
    },
    async findCredentials(email) {
      const row = await scoped(db, '*', (tx) => tx.agent.findUnique({ where: { email: email.toLowerCase() } }))
      if (row === null || row.removedAt !== null) return undefined
      return { workspaceId: row.workspaceId as WorkspaceId, agentId: row.id as AgentId, passwordHash: row.passwordHash }
    },
    async createSession(session) {
      const row = await scoped(db, [session.workspaceId], (tx) => tx.session.create({ data: session, include: WHOSE }))
      return toSession(row)
    },
    findSession,
    async showSession(workspaceId, id) {
      const where = { workspaceId_id: { workspaceId, id } }
      const row = await scoped(db, [workspaceId], (tx) => tx.session.findUnique({ where, include: WHOSE }))
      return row === null ? undefined : toSession(row)
    },
    async revokedWithin(withinMs: number) {
      return await withConnection(db, (client) => run(client, READ_REVOKED, [withinMs]))
    },
    async revokeSession(workspaceId, id) {
      await withConnection(db, (client) => transact(client, [workspaceId], [call(REVOKE_SESSION, [workspaceId, id])]))
    },
    async createTicket({ digest, workspaceId, sessionId, expiresInMs }) {
      await withConnection(db, (client) =>
        transact(client, [workspaceId], [call(CREATE_TICKET, [workspaceId, digest, sessionId, expiresInMs])]),
      )
    },
    takeTicket,
  } satisfies Partial<AccountStore>
}

function people(db: Db) {
  return {
    async agents(workspaceId) {
      const rows = await scoped(db, [workspaceId], (tx) =>
        tx.agent.findMany({ where: { workspaceId, removedAt: null }, orderBy: [{ name: 'asc' }, { id: 'asc' }] }),
      )
      return rows.map(toAgent)
    },
    async findAgent(workspaceId, id) {
      const where = { workspaceId_id: { workspaceId, id } }
      const row = await scoped(db, [workspaceId], (tx) => tx.agent.findUnique({ where }))
      return row === null || row.removedAt !== null ? undefined : toAgent(row)
    },
    async removeAgent(workspaceId, id) {
      await withConnection(db, (client) => transact(client, [workspaceId], [call(REMOVE_AGENT, [workspaceId, id])]))
    },
    async setAvailability(workspaceId, id, available) {
      const [row] = await scoped(db, [workspaceId], (tx) =>
        tx.agent.updateManyAndReturn({ where: { workspaceId, id, removedAt: null }, data: { available } }),
      )
      return row && toAgent(row)
    },
  } satisfies Partial<AccountStore>
}

interface Asked {
  workspaceId: WorkspaceId
  visitorId: VisitorId
  /** Empty if none was shown. */
  tokenDigest: string
}

function visitors(db: Db) {
  const findVisitor = lookUp(
    db,
    (asked: Asked[]) =>
      call(FIND_VISITORS, [
        scopeText(asked.map(({ workspaceId }) => workspaceId)),
        asked.map(({ workspaceId }) => workspaceId),
        asked.map(({ visitorId }) => visitorId),
        asked.map(({ tokenDigest }) => tokenDigest),
      ]),
    (row) => ({ bound: row.bound, tokenMatches: row.token_matches }),
  )
  return {
    async createVisitor({ workspaceId, visitorId, name, tokenDigest: digest }) {
      const data = { workspaceId, visitorId, name, bound: true }
      await scoped(db, [workspaceId], async (tx) => {
        await tx.visitor.create({ data })
        await tx.visitorToken.create({ data: { workspaceId, visitorId, digest } })
      })
    },
    async revokeToken(workspaceId, visitorId, digest) {
      await withConnection(db, (client) =>
        transact(client, [workspaceId], [call(REVOKE_TOKEN, [workspaceId, visitorId, digest])]),
      )
    },
    findVisitor: (workspaceId: WorkspaceId, visitorId: VisitorId, tokenDigest = '') =>
      findVisitor({ workspaceId, visitorId, tokenDigest }),
  } satisfies Partial<AccountStore>
}

function toAgent({ id, name, available }: AgentRow): Agent {
  return { id: id as AgentId, name, available }
}

function toFoundSession(row: FoundSession): Session {
  return {
    id: row.id,
    workspaceId: row.workspace_id as WorkspaceId,
    workspaceName: row.workspace_name,
    agent: { id: row.agent_id as AgentId, name: row.name, available: row.available, email: row.email },
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  }
}

function toSession(row: SessionRow & { agent: AgentRow & { workspace: { name: string } } }): Session {
  return {
    id: row.id,
    workspaceId: row.workspaceId as WorkspaceId,
    workspaceName: row.agent.workspace.name,
    agent: { ...toAgent(row.agent), email: row.agent.email },
    expiresAt: Number(row.expiresAt),
    revokedAt: numberOrNull(row.revokedAt ?? row.agent.removedAt),
  }
}

function numberOrNull(value: bigint | null): number | null {
  return value === null ? null : Number(value)
}
