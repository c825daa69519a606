import type { AgentActor, AgentsConversation, RequestContext, VisitorActor, VisitorId } from '@dosti/contracts'
import { tell } from './audience.ts'
import { existing } from './policy.ts'
import type { Change, Changed, Decision, Publisher, Thread } from './ports.ts'
import type { Writer } from './writer.ts'

/** What the shells of the use cases share: change under the lock, then tell. */
export interface Changing {
  writer: Writer
  publisher: Publisher
}

/** Commits a change and tells whom it concerns; a repeat tells nobody, they know. */
export async function changeThread(
  { writer, publisher }: Changing,
  change: Change,
  request: RequestContext,
): Promise<Changed> {
  const changed = await writer.change(change)
  // After the commit, and best effort: who misses it finds the event in the log (D5).
  if (!changed.repeated) publisher.publish(tell(change.workspaceId, changed.events, request.connectionId))
  return changed
}

/** An agent's change of an existing conversation, answered with its new head. */
export async function changeByAgent(
  changing: Changing,
  { actor, visitorId, request }: { actor: AgentActor; visitorId: VisitorId; request: RequestContext },
  decide: (conversation: AgentsConversation) => Decision,
): Promise<{ conversation: AgentsConversation }> {
  const onThread = (thread: Thread | undefined) => decide(existing(thread))
  const { conversation } = await changeThread(
    changing,
    { workspaceId: actor.workspaceId, visitorId, createVisitor: false, decide: onThread },
    request,
  )
  if (!conversation) throw new Error('a decision on an existing conversation left none')
  return { conversation }
}

/** How an agent signs its events. */
export function agentParty(actor: AgentActor): { kind: 'agent'; id: AgentActor['agentId']; name: string } {
  return { kind: 'agent', id: actor.agentId, name: actor.agentName }
}

/** The two actors that have a thread. */
export type ThreadActor = VisitorActor | AgentActor
