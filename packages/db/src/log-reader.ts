/** The log as every process may look at it beside its leader: which events there are, without a cursor of its own in the database. */
import type { StoredEvent, VisitorId, WorkspaceId } from '@dosti/contracts'
import { withConnection, type Db } from './client.ts'
import { READ_EVENTS, READ_IDS, READ_KEYS, READ_SNAPSHOT } from './log-statements.ts'
import { scopeText } from './scope.ts'
import { run } from './statement.ts'

/** Where an event lies. */
export interface EventKey {
  id: StoredEvent['id']
  workspaceId: WorkspaceId
  visitorId: VisitorId
  stream: StoredEvent['stream']
  seq: number
  /** The transaction that wrote it: a 64-bit number as text. */
  xid: string
}

/** Some ids, and the newest transaction among those that wrote them. */
export interface EventIds {
  ids: StoredEvent['id'][]
  last: string
}

export interface LogReader {
  /**
   * Transactions below `finished` are over, so nothing can appear among their events; none from `unbegun` on has begun. `now` is the
   * clock that gives events their timestamps, in milliseconds.
   */
  snapshot(): Promise<{ finished: string; unbegun: string; now: number }>
  /** As `keys`, but the ids alone, which cost a fraction; undefined if there are none. */
  ids(from: string, before: string, limit: number): Promise<EventIds | undefined>
  /** What the transactions from one up to another (exclusive) wrote, oldest first: all of it, or whole transactions of at least `limit` events. */
  keys(from: string, before: string, limit: number): Promise<EventKey[]>
  /** The events themselves, in the order of their keys. */
  events(keys: readonly EventKey[]): Promise<{ workspaceId: WorkspaceId; event: StoredEvent }[]>
}

export function createLogReader(db: Pick<Db, 'pool' | 'breaker'>): LogReader {
  return {
    async snapshot() {
      const [row] = await withConnection(db, (client) => run(client, READ_SNAPSHOT, []))
      if (row === undefined) throw new Error('Postgres always has a snapshot')
      return row
    },
    async ids(from, before, limit) {
      const [row] = await withConnection(db, (client) => run(client, READ_IDS, [from, before, limit]))
      return row === undefined || row.ids === null || row.last === null
        ? undefined
        : { ids: row.ids.split(' ') as StoredEvent['id'][], last: row.last }
    },
    async keys(from, before, limit) {
      const rows = await withConnection(db, (client) => run(client, READ_KEYS, [from, before, limit]))
      return rows.map(({ workspace_id, visitor_id, ...key }) => ({
        ...key,
        workspaceId: workspace_id as WorkspaceId,
        visitorId: visitor_id,
      }))
    },
    async events(keys) {
      const rows = await withConnection(db, (client) =>
        run(client, READ_EVENTS, [
          scopeText(keys.map(({ workspaceId }) => workspaceId)),
          keys.map(({ workspaceId }) => workspaceId),
          keys.map(({ visitorId }) => visitorId),
          keys.map(({ stream }) => stream),
          keys.map(({ seq }) => seq),
        ]),
      )
      return rows.map(({ workspace_id, event }) => ({ workspaceId: workspace_id as WorkspaceId, event }))
    },
  }
}
