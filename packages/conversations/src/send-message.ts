import type { ConversationId, Handler, Parsed, StoredEvent } from '@dosti/contracts'
import { changeThread, type Changing, type ThreadActor } from './change-thread.ts'
import { joining } from './join-conversation.ts'
import { existing, partyOf, senderOf, threadOf } from './policy.ts'
import type { Decision, Draft, Stamp, Thread } from './ports.ts'

/** A message this long after the close opens a new conversation; an earlier one reopens the old: 7 days, in milliseconds. */
export const REOPEN_WITHIN_MS = 7 * 24 * 60 * 60 * 1000

/** What a message means for the thread as it stands. Pure. A message is never refused because a conversation is closed. */
export function decideSendMessage(
  thread: Thread | undefined,
  actor: ThreadActor,
  input: Parsed<'message.send'>,
  stamp: Stamp,
): Decision {
  if (actor.kind === 'agent') existing(thread)
  const newName = actor.kind === 'visitor' ? (input.visitorName ?? actor.visitorName) : undefined
  const party = partyOf(actor, newName ?? thread?.visitorName ?? null)
  const { conversationId, events } = readied(thread, party, stamp)
  const current = conversationId === thread?.conversation?.id ? thread.conversation : undefined
  if (actor.kind === 'agent') {
    events.push(...joining(actor, conversationId, current?.agents ?? []))
    // Who answers first takes it, so that the next message of the visitor does not ring for everybody.
    if (!current?.assignee) {
      events.push({
        name: 'conversation.assigned',
        data: { assignee: { id: actor.agentId, name: actor.agentName } },
        actor: party,
        conversationId,
      })
    }
  }
  const { text, clientMessageId, readTo } = input
  const hasReadAll = readTo === undefined || readTo >= (thread?.seq ?? 0)
  events.push({
    name: 'message.sent',
    data: {
      text,
      ...(clientMessageId === undefined ? {} : { clientMessageId }),
      ...(hasReadAll ? {} : { readTo }),
    },
    actor: party,
    conversationId,
  })
  return { events, ...(newName === undefined || newName === thread?.visitorName ? {} : { visitorName: newName }) }
}

/** The conversation a message goes to, and the events that open or reopen it first. */
function readied(
  thread: Thread | undefined,
  party: Draft['actor'],
  { now, conversationId }: Stamp,
): { conversationId: ConversationId; events: Draft[] } {
  const conversation = thread?.conversation
  if (conversation?.status === 'open') return { conversationId: conversation.id, events: [] }
  if (conversation && now - (conversation.closedAt ?? now) <= REOPEN_WITHIN_MS) {
    return {
      conversationId: conversation.id,
      events: [{ name: 'conversation.reopened', data: {}, actor: party, conversationId: conversation.id }],
    }
  }
  return { conversationId, events: [{ name: 'conversation.opened', data: {}, actor: party, conversationId }] }
}

/** message.send */
export const sendMessage =
  (changing: Changing): Handler<'message.send'> =>
  async (actor, input, request) => {
    const { clientMessageId, text } = input
    const { events } = await changeThread(
      changing,
      {
        workspaceId: actor.workspaceId,
        visitorId: threadOf(actor, input.visitorId),
        createVisitor: actor.kind === 'visitor',
        ...(clientMessageId === undefined
          ? {}
          : { once: { sender: senderOf(actor), clientMessageId, name: 'message.sent', text } }),
        decide: (thread, stamp) => decideSendMessage(thread, actor, input, stamp),
      },
      request,
    )
    return { event: theEvent(events, 'message.sent') }
  }

/** The one event of this name that a change was made for. */
export function theEvent(events: readonly StoredEvent[], name: StoredEvent['name']): StoredEvent {
  const event = events.find((candidate) => candidate.name === name)
  if (!event) throw new Error(`the change stored no ${name}`)
  return event
}
