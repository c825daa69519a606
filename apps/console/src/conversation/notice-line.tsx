import type { Party, StoredEvent } from '@dosti/contracts'
import { clockTime, fullTime, isoTime } from '../design/time.ts'

/** What happened, as a quiet line between messages. */
export function NoticeLine({ event, meId }: { event: StoredEvent; meId: string }) {
  const text = noticeText(event, meId)
  if (text === null) return null
  return (
    <p className="my-2 text-center text-xs text-faint">
      <bdi>{text}</bdi>
      {' · '}
      <time dateTime={isoTime(event.timestamp)} title={fullTime(event.timestamp)} className="tabular-nums">
        {clockTime(event.timestamp)}
      </time>
    </p>
  )
}

/** The sentence for an event, from the reader's side; null where the messages themselves say it. */
export function noticeText(event: StoredEvent, meId: string): string | null {
  const by = nameOf(event.actor, meId)
  switch (event.name) {
    case 'conversation.opened':
      return 'Conversation started'
    case 'agent.joined':
      return `${event.data.agent.id === meId ? 'You' : event.data.agent.name} joined`
    case 'conversation.closed':
      return `${by} closed the conversation`
    case 'conversation.reopened':
      return event.actor.kind === 'agent' ? `${by} reopened the conversation` : 'Conversation reopened'
    case 'conversation.assigned': {
      const { assignee } = event.data
      if (assignee === null) return `${by} made the conversation nobody’s`
      if (event.actor.kind === 'agent' && event.actor.id === assignee.id) return `${by} took the conversation`
      return `${by} assigned the conversation to ${assignee.id === meId ? 'you' : assignee.name}`
    }
    case 'message.sent':
    case 'note.added':
      return null
  }
}

function nameOf(actor: Party, meId: string): string {
  if (actor.kind === 'system') return 'Dosti'
  if (actor.kind === 'visitor') return actor.name ?? 'The visitor'
  return actor.id === meId ? 'You' : actor.name
}
