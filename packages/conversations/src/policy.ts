import {
  DostiError,
  type AgentActor,
  type AgentsConversation,
  type Party,
  type VisitorActor,
  type VisitorId,
} from '@dosti/contracts'
import type { Sender, Thread } from './ports.ts'

/** The thread an actor means: a visitor's own, whatever it says; an agent names the visitor. */
export function threadOf(actor: VisitorActor | AgentActor, visitorId: VisitorId | undefined): VisitorId {
  if (actor.kind === 'visitor') {
    // Not "denied": a visitor must not learn whether another one exists.
    if (visitorId !== undefined && visitorId !== actor.visitorId) throw new DostiError('conversation.not_found')
    return actor.visitorId
  }
  if (visitorId === undefined)
    throw new DostiError('request.invalid', {
      message: 'visitorId is missing.',
      details: [{ path: 'visitorId', problem: 'is missing' }],
    })
  return visitorId
}

/** The conversation that an agent acts on, or the refusal. */
export function existing(thread: Thread | undefined): AgentsConversation {
  if (!thread?.conversation) throw new DostiError('conversation.not_found')
  return thread.conversation
}

/** How an actor signs; a visitor by the name it goes by after this change. */
export function partyOf(actor: VisitorActor | AgentActor, visitorName: string | null): Party {
  return actor.kind === 'visitor'
    ? { kind: 'visitor', id: actor.visitorId, name: visitorName }
    : { kind: 'agent', id: actor.agentId, name: actor.agentName }
}

/** Whose clientMessageIds these are. */
export function senderOf(actor: VisitorActor | AgentActor): Sender {
  return actor.kind === 'visitor' ? 'visitor' : actor.agentId
}
