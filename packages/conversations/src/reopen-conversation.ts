import type { AgentActor, AgentsConversation, Handler } from '@dosti/contracts'
import { agentParty, changeByAgent, type Changing } from './change-thread.ts'
import type { Decision } from './ports.ts'

/** Reopening an open conversation changes nothing. Pure. */
export function decideReopen(conversation: AgentsConversation, actor: AgentActor): Decision {
  if (conversation.status === 'open') return { events: [] }
  return {
    events: [{ name: 'conversation.reopened', data: {}, actor: agentParty(actor), conversationId: conversation.id }],
  }
}

/** conversation.reopen */
export const reopenConversation =
  (changing: Changing): Handler<'conversation.reopen'> =>
  (actor, { visitorId }, request) =>
    changeByAgent(changing, { actor, visitorId, request }, (conversation) => decideReopen(conversation, actor))
