import type { AgentActor, AgentsConversation, Handler } from '@dosti/contracts'
import { agentParty, changeByAgent, type Changing } from './change-thread.ts'
import type { Decision } from './ports.ts'

/** Closing a closed conversation changes nothing. Pure. */
export function decideClose(conversation: AgentsConversation, actor: AgentActor): Decision {
  if (conversation.status === 'closed') return { events: [] }
  return {
    events: [{ name: 'conversation.closed', data: {}, actor: agentParty(actor), conversationId: conversation.id }],
  }
}

/** conversation.close */
export const closeConversation =
  (changing: Changing): Handler<'conversation.close'> =>
  (actor, { visitorId }, request) =>
    changeByAgent(changing, { actor, visitorId, request }, (conversation) => decideClose(conversation, actor))
