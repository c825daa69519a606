import type { AgentId, AlertId, WorkspaceId } from '@dosti/contracts'
import { onDuty, type RaisedAlert } from '@dosti/conversations'
import { withConnection } from './client.ts'
import type { Db } from './client.ts'
import type { AddedAlert } from './event-log.ts'
import { READ_DUE, READ_RUNG, TAKE_ALERT, type RingRow } from './log-statements.ts'
import { scopeText, transact } from './scope.ts'
import { call, run } from './statement.ts'

/** The alerts that the follower of the log made. */
export interface AlertStore {
  /** The oldest alerts of all workspaces that have been due for at least `overdueByMs` milliseconds; for the sweep. */
  due(limit: number, overdueByMs: number): Promise<AddedAlert[]>
  /** Takes an alert, once: undefined if somebody else took it, or if the visitor waits no more, which cancels it. */
  take(workspaceId: WorkspaceId, alertId: AlertId): Promise<RaisedAlert | undefined>
  /** Of the newest alerts of each workspace that rang within so many milliseconds, those whose visitors wait still, in the order they rang. */
  rung(workspaceIds: readonly WorkspaceId[], withinMs: number, limitOfEach: number): Promise<RaisedAlert[]>
}

export function createAlertStore(db: Pick<Db, 'pool' | 'breaker'>): AlertStore {
  return {
    async due(limit, overdueByMs) {
      const rows = await withConnection(db, (client) => run(client, READ_DUE, [limit, overdueByMs]))
      return rows.map((row) => ({
        workspaceId: row.workspace_id as WorkspaceId,
        alertId: row.id as AlertId,
        dueInMs: row.due_in_ms,
      }))
    },
    async take(workspaceId, alertId) {
      const [[row]] = await withConnection(db, (client) =>
        transact(client, [workspaceId], [call(TAKE_ALERT, [workspaceId, alertId])]),
      )
      return row === undefined || row.status === 'cancelled' ? undefined : toRaised(row)
    },
    async rung(workspaceIds, withinMs, limitOfEach) {
      const values: [string, number, number] = [scopeText(workspaceIds), withinMs, limitOfEach]
      return (await withConnection(db, (client) => run(client, READ_RUNG, values))).map(toRaised)
    },
  }
}

function toRaised(row: RingRow): RaisedAlert {
  return {
    workspaceId: row.workspace_id as WorkspaceId,
    alert: {
      alertId: row.id as AlertId,
      conversationId: row.conversation_id as RaisedAlert['alert']['conversationId'],
      visitorId: row.visitor_id,
      visitorName: row.visitor_name,
      text: row.text ?? '',
      step: row.step,
    },
    agents: onDuty(row.agents as { id: AgentId; available: boolean }[]),
  }
}
