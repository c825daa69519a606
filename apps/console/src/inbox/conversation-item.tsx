import type { AgentsConversation } from '@dosti/contracts'
import { Link } from '@tanstack/react-router'
import { CornerUpLeft } from 'lucide-react'
import { memo } from 'react'
import { visitorLabel } from '../conversation/visitor-name.ts'
import { Avatar } from '../design/avatar.tsx'
import { briefTime, fullTime, isoTime } from '../design/time.ts'

/** Every row has this height, in pixels, so that 20,000 of them need no measuring. */
export const ITEM_HEIGHT = 68

interface Props {
  conversation: AgentsConversation
  position: number
  /** -1 while the number of all is not known. */
  count: number
  top: number
  opened: boolean
  selected: boolean
  typing: boolean
  now: number
}

/** One conversation: who, what last, when, how much unread, whose. */
export const ConversationItem = memo(function ConversationItem({
  conversation,
  position,
  count,
  top,
  opened,
  selected,
  typing,
  now,
}: Props) {
  const { visitorId, lastMessage, unread, assignee, updatedAt } = conversation
  const name = visitorLabel(conversation)
  const fresh = unread > 0
  return (
    <li
      aria-posinset={position}
      aria-setsize={count}
      data-selected={selected ? '' : undefined}
      className="absolute inset-x-0 px-2"
      style={{ height: ITEM_HEIGHT, transform: `translateY(${top}px)` }}
    >
      <Link
        to="/inbox/$visitorId"
        params={{ visitorId }}
        className={`flex h-16 items-center gap-3 rounded-xl px-2.5 -outline-offset-2 ${opened ? 'bg-selected' : selected ? 'bg-hover' : 'hover:bg-hover'}`}
      >
        <Avatar id={visitorId} name={name} size={36} />
        <span className="flex min-w-0 flex-1 flex-col gap-0.5">
          <span className="flex items-baseline gap-2">
            <span
              dir="auto"
              className={`one-line min-w-0 flex-1 text-left text-base ${fresh ? 'font-semibold' : 'font-medium'}`}
            >
              {name}
            </span>
            <time
              dateTime={isoTime(updatedAt)}
              title={fullTime(updatedAt)}
              className={`shrink-0 text-xs tabular-nums ${fresh ? 'font-medium text-accent-ink' : 'text-faint'}`}
            >
              {briefTime(updatedAt, now)}
            </time>
          </span>
          <span className="flex h-5 items-center gap-2">
            {typing ? (
              <span className="one-line flex-1 text-sm text-accent-ink">typing…</span>
            ) : (
              <Preview lastMessage={lastMessage} fresh={fresh} />
            )}
            {assignee !== null && (
              <span title={`Assigned to ${assignee.name}`} className="flex">
                <Avatar id={assignee.id} name={assignee.name} size={20} muted />
                <span className="sr-only">Assigned to {assignee.name}</span>
              </span>
            )}
            {fresh && (
              <span className="grid h-4.5 min-w-4.5 place-items-center rounded-full bg-accent px-1.5 text-2xs font-semibold tabular-nums text-on-accent">
                {unread > 99 ? '99+' : unread}
                <span className="sr-only"> unread</span>
              </span>
            )}
          </span>
        </span>
      </Link>
    </li>
  )
})

/** The last message. Its own direction decides at which end it is cut, so that its beginning is what is seen. */
function Preview({ lastMessage, fresh }: { lastMessage: AgentsConversation['lastMessage']; fresh: boolean }) {
  return (
    <span className={`flex min-w-0 flex-1 items-center gap-1 text-sm ${fresh ? 'text-ink' : 'text-soft'}`}>
      {lastMessage?.from === 'agent' && (
        <>
          <CornerUpLeft aria-hidden size={13} className="shrink-0 text-faint" />
          <span className="sr-only">Answered: </span>
        </>
      )}
      <span dir="auto" className="one-line min-w-0 text-left">
        {lastMessage?.text ?? 'No messages yet'}
      </span>
    </span>
  )
}
