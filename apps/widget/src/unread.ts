import type { ThreadView } from '@dosti/client'

/** Agents' messages that the visitor has not seen. */
export function countUnread({ events, conversation }: ThreadView): number {
  const read = conversation?.readByVisitor ?? 0
  return events.filter((event) => event.name === 'message.sent' && event.actor.kind === 'agent' && event.seq > read)
    .length
}
