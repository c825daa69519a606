import type { AgentActor, Handler, Parsed } from '@dosti/contracts'
import { agentParty, changeThread, type Changing } from './change-thread.ts'
import { existing, senderOf } from './policy.ts'
import type { Decision, Thread } from './ports.ts'
import { theEvent } from './send-message.ts'

/** A note goes to the agents' stream of the current conversation, open or closed. Pure. */
export function decideAddNote(
  thread: Thread | undefined,
  actor: AgentActor,
  { text, clientMessageId }: Parsed<'note.add'>,
): Decision {
  const { id } = existing(thread)
  const data = { text, ...(clientMessageId === undefined ? {} : { clientMessageId }) }
  return { events: [{ name: 'note.added', data, actor: agentParty(actor), conversationId: id }] }
}

/** note.add */
export const addNote =
  (changing: Changing): Handler<'note.add'> =>
  async (actor, input, request) => {
    const { visitorId, clientMessageId, text } = input
    const { events } = await changeThread(
      changing,
      {
        workspaceId: actor.workspaceId,
        visitorId,
        createVisitor: false,
        ...(clientMessageId === undefined
          ? {}
          : { once: { sender: senderOf(actor), clientMessageId, name: 'note.added', text } }),
        decide: (thread) => decideAddNote(thread, actor, input),
      },
      request,
    )
    return { event: theEvent(events, 'note.added') }
  }
