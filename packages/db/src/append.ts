import { EVENTS, evolve } from '@dosti/contracts'
import type { AgentsConversation, EventId, StoredEvent, StoredEventName } from '@dosti/contracts'
import type { Decision, Ids, Thread } from '@dosti/conversations'

/** The thread of somebody who never wrote. */
export function newThread(visitorId: string): Thread {
  return { visitorId, visitorName: null, bound: false, seq: 0, internalSeq: 0, lastTimestamp: 0, conversation: null }
}

/** Numbers and stamps what a decision asks for, and the thread that comes of it; the given thread stays as it is. */
export function append(
  thread: Thread,
  decision: Decision,
  now: number,
  ids: Ids,
): { thread: Thread; events: StoredEvent[] } {
  let { seq, internalSeq, lastTimestamp } = thread
  let head: AgentsConversation | null = thread.conversation
  const events = decision.events.map((draft) => {
    const { stream } = EVENTS[draft.name]
    if (draft.name !== 'conversation.opened' && draft.conversationId !== head?.id) {
      throw new Error(`${draft.name} of ${draft.conversationId} does not belong to the current conversation`)
    }
    const number = stream === 'public' ? (seq += 1) : (internalSeq += 1)
    lastTimestamp = Math.max(lastTimestamp + 1, now)
    const event = {
      ...draft,
      id: nextId(draft.name, ids),
      stream,
      seq: number,
      timestamp: lastTimestamp,
      visitorId: thread.visitorId,
    } as StoredEvent
    head = evolve(head, event)
    return event
  })
  const after: AgentsConversation | null = head
  const visitorName = decision.visitorName ?? after?.visitorName ?? thread.visitorName
  const conversation = after === null ? null : { ...after, seq, internalSeq, visitorName, bound: thread.bound }
  return { thread: { ...thread, seq, internalSeq, lastTimestamp, visitorName, conversation }, events }
}

function nextId(name: StoredEventName, ids: Ids): EventId {
  if (name === 'message.sent') return ids.next('msg')
  return name === 'note.added' ? ids.next('note') : ids.next('evt')
}
