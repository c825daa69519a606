import type { AgentsConversation, Conversation } from '@dosti/contracts'
import { ArrowLeft, Check, RotateCcw } from 'lucide-react'
import { Avatar } from '../design/avatar.tsx'
import { Button } from '../design/button.tsx'
import { useCommand } from '../keyboard/use-shortcuts.ts'
import { AssignMenu } from './assign-menu.tsx'
import { useActions } from './use-actions.ts'
import { shortId, visitorLabel } from './visitor-name.ts'

/** A head as agents get it; the wire's type leaves their fields optional. */
export type Head = Conversation | AgentsConversation

/** Who this is, and what can be done with the whole conversation. */
export function ConversationHeader({
  visitorId,
  head,
  onBack,
}: {
  visitorId: string
  head: Head | null
  onBack: () => void
}) {
  const { setStatus } = useActions(visitorId)
  const name = head === null ? shortId(visitorId) : visitorLabel(head)
  const closed = head?.status === 'closed'
  useCommand('conversation.close', () => {
    if (head !== null) setStatus(closed ? 'open' : 'closed')
  })
  return (
    <header className="flex h-14 shrink-0 items-center gap-3 border-b border-line px-4 max-md:gap-1.5 max-md:ps-1.5 max-md:pe-2">
      <Button shape="icon" aria-label="Back to the list" onClick={onBack} className="md:hidden">
        <ArrowLeft aria-hidden size={19} className="rtl:rotate-180" />
      </Button>
      <span className="flex max-sm:hidden">
        <Avatar id={visitorId} name={name} size={28} />
      </span>
      <div className="min-w-0 flex-1">
        <h2 className="one-line text-base leading-5 font-semibold">
          <bdi>{name}</bdi>
        </h2>
        {head !== null && (
          <p className="one-line text-xs text-soft">
            {closed ? 'Closed' : 'Open'}
            {' · '}
            {head.assignee ? `Assigned to ${head.assignee.name}` : 'Unassigned'}
          </p>
        )}
      </div>
      {head !== null && (
        <>
          <AssignMenu visitorId={visitorId} assigneeId={head.assignee?.id ?? null} />
          {closed ? (
            <Button look="outline" aria-label="Reopen" title="Reopen (E)" onClick={() => setStatus('open')}>
              <RotateCcw aria-hidden size={15} />
              <span className="max-sm:sr-only">Reopen</span>
            </Button>
          ) : (
            <Button
              look="outline"
              aria-label="Close conversation"
              title="Close conversation (E)"
              onClick={() => setStatus('closed')}
            >
              <Check aria-hidden size={15} />
              <span className="max-sm:sr-only">Close</span>
            </Button>
          )}
        </>
      )}
    </header>
  )
}
