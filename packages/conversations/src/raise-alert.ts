/** When agents are alerted: what an event asks for, and whether that still holds when its time has come. Pure. */
import type {
  AgentId,
  AgentsConversation,
  ConversationId,
  EventData,
  StoredEvent,
  VisitorId,
  WorkspaceId,
} from '@dosti/contracts'
import type { Told } from './ports.ts'

/** The second ring comes this long after the first, in milliseconds. */
export const RING_AGAIN_AFTER_MS = 30_000

/** An alert that is due at a time; the row that a job, or the sweep, takes. */
export interface AlertDraft {
  workspaceId: WorkspaceId
  visitorId: VisitorId
  conversationId: ConversationId
  /** The public number of the message that nobody attended. */
  eventSeq: number
  /** 1 at once, 2 after thirty seconds. */
  step: number
  /** Milliseconds since 1970. */
  dueAt: number
}

/** How a conversation stands, as far as alerts go. */
export interface Attendance {
  head: Pick<AgentsConversation, 'id' | 'status' | 'readByAgents'>
  /** Somebody is assigned and on duty. */
  attended: boolean
}

/** A message waits while the conversation is open, nobody attends it and no agent has read that far. */
export function stillWaits({ head, attended }: Attendance, eventSeq: number): boolean {
  return head.status === 'open' && !attended && head.readByAgents < eventSeq
}

/**
 * The alerts a committed event asks for. A message while an earlier one still rings adds nothing: that ring is for both.
 * `dueSeqs` are the message numbers of this conversation's alerts that are not yet sent or cancelled.
 */
export function alertsFor(
  workspaceId: WorkspaceId,
  event: StoredEvent,
  attendance: Attendance | undefined,
  dueSeqs: readonly number[],
): AlertDraft[] {
  if (event.name !== 'message.sent' || event.actor.kind !== 'visitor' || !attendance) return []
  if (attendance.head.id !== event.conversationId || !stillWaits(attendance, event.seq)) return []
  if (dueSeqs.some((seq) => seq > attendance.head.readByAgents)) return []
  const row = { workspaceId, visitorId: event.visitorId, conversationId: event.conversationId, eventSeq: event.seq }
  return [
    { ...row, step: 1, dueAt: event.timestamp },
    { ...row, step: 2, dueAt: event.timestamp + RING_AGAIN_AFTER_MS },
  ]
}

/** Who is alerted: the agents on duty, or all of them if none is. */
export function onDuty(agents: readonly { id: AgentId; available: boolean }[]): AgentId[] {
  const available = agents.filter((agent) => agent.available)
  return (available.length > 0 ? available : agents).map(({ id }) => id)
}

/** An alert that rings, and for whom. */
export interface RaisedAlert {
  workspaceId: WorkspaceId
  alert: EventData<'alert.raised'>
  agents: AgentId[]
}

/** Addresses an alert to those it rings for. */
export function tellRaised({ workspaceId, alert, agents }: RaisedAlert): Told {
  return { workspaceId, visitorId: alert.visitorId, audience: { agents }, event: { name: 'alert.raised', data: alert } }
}
