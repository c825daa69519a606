import type { AgentId, AlertId, EventData, WorkspaceId } from '@dosti/contracts'
import { onDuty } from '@dosti/conversations'
import { withConnection } from './client.ts'
import type { Db } from './client.ts'
import type { AddedAlert } from './event-log.ts'
import { READ_DUE, TAKE_ALERT } from './log-statements.ts'
import { inTransaction } from './scope.ts'
import { run } from './statement.ts'

/** An alert that rings now, and for whom: the agents on duty, or all of them if none is. */
export interface RaisedAlert {
  alert: EventData<'alert.raised'>
  agents: AgentId[]
}

/** The alerts that the follower of the log made. */
export interface AlertStore {
  /** The oldest alerts of all workspaces that have been due for at least `overdueByMs` milliseconds; for the sweep. */
  due(limit: number, overdueByMs: number): Promise<AddedAlert[]>
  /** Takes an alert, once: undefined if somebody else took it, or if the visitor waits no more, which cancels it. */
  take(workspaceId: WorkspaceId, alertId: AlertId): Promise<RaisedAlert | undefined>
}

export function createAlertStore(db: Pick<Db, 'pool' | 'breaker'>): AlertStore {
  return {
    async due(limit, overdueByMs) {
      const rows = await withConnection(db, (client) => run(client, READ_DUE, [limit, overdueByMs]))
      return rows.map((row) => ({
        workspaceId: row.workspace_id as WorkspaceId,
        alertId: row.id as AlertId,
        dueAt: row.due_at,
      }))
    },
    async take(workspaceId, alertId) {
      const [row] = await withConnection(db, (client) =>
        inTransaction(client, [workspaceId], () => run(client, TAKE_ALERT, [workspaceId, alertId])),
      )
      if (row === undefined || row.status === 'cancelled') return undefined
      const conversationId = row.conversation_id as RaisedAlert['alert']['conversationId']
      const { visitor_id: visitorId, visitor_name: visitorName, step } = row
      const agents = row.agents as { id: AgentId; available: boolean }[]
      return {
        alert: { alertId, conversationId, visitorId, visitorName, text: row.text ?? '', step },
        agents: onDuty(agents),
      }
    },
  }
}
