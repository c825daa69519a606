import { DostiError, type AgentActor, type AgentRef, type AgentsConversation, type Handler } from '@dosti/contracts'
import { agentParty, changeByAgent, type Changing } from './change-thread.ts'
import { joining } from './join-conversation.ts'
import type { AgentDirectory, Decision } from './ports.ts'

/** Giving it to whom it belongs already changes nothing; who takes an open one joins it. Pure. */
export function decideAssign(conversation: AgentsConversation, actor: AgentActor, assignee: AgentRef | null): Decision {
  if (conversation.assignee?.id === assignee?.id) return { events: [] }
  const takes = assignee?.id === actor.agentId && conversation.status === 'open'
  return {
    events: [
      { name: 'conversation.assigned', data: { assignee }, actor: agentParty(actor), conversationId: conversation.id },
      ...(takes ? joining(actor, conversation.id, conversation.agents) : []),
    ],
  }
}

/** conversation.assign */
export const assignConversation =
  (changing: Changing, agents: AgentDirectory): Handler<'conversation.assign'> =>
  async (actor, { visitorId, agentId }, request) => {
    const found = agentId === null ? null : await agents.findAgent(actor.workspaceId, agentId)
    if (found === undefined) throw new DostiError('agent.not_found')
    const assignee = found && { id: found.id, name: found.name }
    return changeByAgent(changing, { actor, visitorId, request }, (conversation) =>
      decideAssign(conversation, actor, assignee),
    )
  }
