/** P1: rooms follow from who one is. Workspace and agent ids hold no colon, so a visitor's free text cannot forge a room. */
import type { Actor, AgentId, VisitorId, WorkspaceId } from '@dosti/contracts'
import type { Told } from '@dosti/conversations'

const visitorRoom = (workspaceId: WorkspaceId, visitorId: VisitorId) => `visitor:${workspaceId}:${visitorId}`
const agentsRoom = (workspaceId: WorkspaceId) => `agents:${workspaceId}`
/** Where an agent is, with all tabs and devices. */
export const agentRoom = (workspaceId: WorkspaceId, agentId: AgentId) => `agent:${workspaceId}:${agentId}`

/** The rooms a connection joins, once, at its handshake. */
export function roomsOf(actor: Actor): string[] {
  switch (actor.kind) {
    case 'visitor':
      return [visitorRoom(actor.workspaceId, actor.visitorId)]
    case 'agent':
      return [agentsRoom(actor.workspaceId), agentRoom(actor.workspaceId, actor.agentId)]
    case 'guest':
    case 'anyone':
      return []
  }
}

/** The rooms that hear of something. */
export function roomsFor({ workspaceId, visitorId, audience }: Omit<Told, 'event'>): string[] {
  if (typeof audience === 'object') return audience.agents.map((agentId) => agentRoom(workspaceId, agentId))
  const agents = agentsRoom(workspaceId)
  return audience === 'agents' ? [agents] : [visitorRoom(workspaceId, visitorId), agents]
}
