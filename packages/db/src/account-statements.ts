/** The SQL of accounts that every request or every process waits for; the rest goes through Prisma. */
import type { Revoked } from '@dosti/accounts'
import { CLOCK, THREADS } from './conversation-statements.ts'
import { rowsFrom, type Statement, type Value } from './statement.ts'

/** What was asked for, row by row, from the arrays behind the scope; answers carry the place in them, from 1. */
const find = <P extends Value[], R>(name: string, asked: Record<string, string>, found: string): Statement<P, R> => ({
  name,
  text: `
    WITH scope AS MATERIALIZED (SELECT set_config('dosti.scope', $1, true) AS ids)
    SELECT k.place, found.*
    FROM scope
    CROSS JOIN ${rowsFrom(asked, { first: 2, withPlace: true })} k
    CROSS JOIN LATERAL (${found} OFFSET 0) found`,
})

/** Those of some visitors who have written or were given a token; rows carry the place in the arrays, from 1. */
export const FIND_VISITORS: Statement<
  [scope: string, workspaceIds: string[], visitorIds: string[], tokenDigests: string[]],
  { place: number; bound: boolean; token_matches: boolean }
> = find(
  'find_visitors',
  { ...THREADS, digest: 'text' },
  `
    SELECT v.bound, EXISTS (
      SELECT FROM visitor_token t WHERE t.workspace_id = v.workspace_id AND t.visitor_id = v.visitor_id AND t.digest = k.digest AND t.revoked_at IS NULL
    ) AS token_matches
    FROM visitor v WHERE scope.ids IS NOT NULL AND v.workspace_id = k.workspace_id AND v.visitor_id = k.visitor_id`,
)

/** A public key with its workspace; times in milliseconds since 1970. */
export interface KeyRow {
  place: number
  workspace_id: string
  workspace_name: string
  allowed_origins: string[]
  revoked_at: number | null
}

/** Some public keys. Anybody may ask with keys that he made up, so a question of many costs little more than one of one. */
export const FIND_KEYS: Statement<[scope: string, keys: string[]], KeyRow> = find(
  'find_keys',
  { key: 'text' },
  `
    SELECT p.workspace_id, w.name AS workspace_name, p.allowed_origins, p.revoked_at
    FROM public_key p JOIN workspace w ON w.id = p.workspace_id
    WHERE scope.ids IS NOT NULL AND p.key = k.key`,
)

/** A session with whose it is; it ended with its time or with the membership, if not before. */
export interface SessionRow {
  place: number
  id: string
  workspace_id: string
  workspace_name: string
  agent_id: string
  name: string
  email: string
  available: boolean
  expires_at: number
  revoked_at: number | null
}

const SESSION = `s.id, s.workspace_id, w.name AS workspace_name, s.agent_id, a.name, a.email, a.available, s.expires_at,
      coalesce(s.revoked_at, a.removed_at, CASE WHEN s.expires_at <= ${CLOCK} THEN s.expires_at END) AS revoked_at`
const WHOSE = `JOIN agent a ON a.workspace_id = s.workspace_id AND a.id = s.agent_id
    JOIN workspace w ON w.id = s.workspace_id`

/** Some sessions, by the digests of their tokens. The same holds for them. */
export const FIND_SESSIONS: Statement<[scope: string, digests: string[]], SessionRow> = find(
  'find_sessions',
  { digest: 'text' },
  `
    SELECT ${SESSION}
    FROM session s
    ${WHOSE}
    WHERE scope.ids IS NOT NULL AND s.digest = k.digest`,
)

/** The sessions of some tickets. Deleting is the taking: of two that come at once, one finds no row. */
export const TAKE_TICKETS: Statement<[digests: string[]], SessionRow> = {
  name: 'take_tickets',
  text: `
    WITH taken AS (
      DELETE FROM ticket t USING ${rowsFrom({ digest: 'text' }, { withPlace: true })} k
      WHERE t.digest = k.digest AND t.expires_at > ${CLOCK}
      RETURNING k.place, t.workspace_id, t.session_id
    )
    SELECT taken.place, ${SESSION}
    FROM taken
    JOIN session s ON s.workspace_id = taken.workspace_id AND s.id = taken.session_id
    ${WHOSE}`,
}

/** A ticket that lives so many milliseconds by this clock. */
export const CREATE_TICKET: Statement<
  [workspaceId: string, digest: string, sessionId: string, expiresInMs: number],
  unknown
> = {
  name: 'create_ticket',
  text: `INSERT INTO ticket (workspace_id, digest, session_id, expires_at) VALUES ($1, $2, $3, ${CLOCK} + $4::bigint)`,
}

/** Keeps the first time. */
export const REVOKE_KEY: Statement<[workspaceId: string, key: string], unknown> = {
  name: 'revoke_key',
  text: `UPDATE public_key SET revoked_at = ${CLOCK} WHERE workspace_id = $1 AND key = $2 AND revoked_at IS NULL`,
}

/** Keeps the first time. */
export const REVOKE_SESSION: Statement<[workspaceId: string, sessionId: string], unknown> = {
  name: 'revoke_session',
  text: `UPDATE session SET revoked_at = ${CLOCK} WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL`,
}

/** Keeps the first time. */
export const REVOKE_TOKEN: Statement<[workspaceId: string, visitorId: string, digest: string], unknown> = {
  name: 'revoke_token',
  text: `UPDATE visitor_token SET revoked_at = ${CLOCK} WHERE workspace_id = $1 AND visitor_id = $2 AND digest = $3 AND revoked_at IS NULL`,
}

/** Keeps the first time. */
export const REMOVE_AGENT: Statement<[workspaceId: string, agentId: string], unknown> = {
  name: 'remove_agent',
  text: `UPDATE agent SET removed_at = ${CLOCK}, available = false WHERE workspace_id = $1 AND id = $2 AND removed_at IS NULL`,
}

/** Sessions, keys and visitors' tokens that stopped to hold within the last so many milliseconds, of every workspace. */
export const READ_REVOKED: Statement<[withinMs: number], Revoked> = {
  name: 'read_revoked',
  text: `
    WITH scope AS MATERIALIZED (
      SELECT set_config('dosti.scope', '*', true) AS id, ${CLOCK} AS now)
    SELECT ended.kind, ended.id
    FROM scope CROSS JOIN LATERAL (
      SELECT 'session' AS kind, s.id FROM session s WHERE scope.id = '*' AND s.revoked_at > scope.now - $1::bigint
      UNION ALL
      SELECT 'session', s.id FROM session s WHERE scope.id = '*' AND s.expires_at BETWEEN scope.now - $1::bigint AND scope.now
      UNION ALL
      SELECT 'session', s.id FROM agent a JOIN session s ON s.workspace_id = a.workspace_id AND s.agent_id = a.id
      WHERE scope.id = '*' AND a.removed_at > scope.now - $1::bigint AND s.revoked_at IS NULL AND s.expires_at > scope.now
      UNION ALL
      SELECT 'token', t.digest FROM visitor_token t WHERE scope.id = '*' AND t.revoked_at > scope.now - $1::bigint
      UNION ALL
      SELECT 'key', k.key FROM public_key k WHERE scope.id = '*' AND k.revoked_at > scope.now - $1::bigint
    ) ended`,
}
