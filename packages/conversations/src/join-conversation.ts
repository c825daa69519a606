import type { AgentActor, AgentRef, AgentsConversation, ConversationId, Handler } from '@dosti/contracts'
import { agentParty, changeByAgent, type Changing } from './change-thread.ts'
import type { Decision, Draft } from './ports.ts'

/** The event of joining, unless this agent has joined already: once per agent and conversation. */
export function joining(actor: AgentActor, conversationId: ConversationId, joined: readonly AgentRef[]): Draft[] {
  if (joined.some(({ id }) => id === actor.agentId)) return []
  const agent = { id: actor.agentId, name: actor.agentName }
  return [{ name: 'agent.joined', data: { agent }, actor: agentParty(actor), conversationId }]
}

/** Looking at a closed conversation joins nobody. Pure. */
export function decideJoin(conversation: AgentsConversation, actor: AgentActor): Decision {
  return { events: conversation.status === 'open' ? joining(actor, conversation.id, conversation.agents) : [] }
}

/** conversation.join */
export const joinConversation =
  (changing: Changing): Handler<'conversation.join'> =>
  (actor, { visitorId }, request) =>
    changeByAgent(changing, { actor, visitorId, request }, (conversation) => decideJoin(conversation, actor))
