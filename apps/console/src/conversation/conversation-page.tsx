import { openThread, type Thread } from '@dosti/client'
import { useNavigate, useParams } from '@tanstack/react-router'
import { MessageCircleOff, TriangleAlert } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from '../design/button.tsx'
import { Empty } from '../design/empty.tsx'
import { useCommand } from '../keyboard/use-shortcuts.ts'
import { useLive, useStore } from '../live.tsx'
import { Composer } from './composer.tsx'
import { ConversationHeader } from './conversation-header.tsx'
import { MessageLog } from './message-log.tsx'
import { TypingLine } from './typing-line.tsx'
import { VisitorPanel } from './visitor-panel.tsx'

/** What `/inbox/$visitorId` shows: the visitor's thread, made anew for every visitor. */
export function ConversationPage() {
  const { visitorId } = useParams({ from: '/inbox/$visitorId' })
  return <OpenedConversation key={visitorId} visitorId={visitorId} />
}

function OpenedConversation({ visitorId }: { visitorId: string }) {
  const { connection, outbox } = useLive()
  const [thread, setThread] = useState<Thread | null>(null)
  useEffect(() => {
    const opened = openThread({ connection, outbox, audience: 'agent', visitorId })
    setThread(opened)
    return () => opened.close()
  }, [connection, outbox, visitorId])
  return thread === null ? null : <Conversation thread={thread} visitorId={visitorId} />
}

function Conversation({ thread, visitorId }: { thread: Thread; visitorId: string }) {
  const { inbox } = useLive()
  const view = useStore(thread.view)
  const navigate = useNavigate()
  const back = () => void navigate({ to: '/inbox' })
  useCommand('view.back', () => {
    const focused = document.activeElement
    // First out of the field, so that one key too many does not lose the place.
    if (focused instanceof HTMLTextAreaElement || focused instanceof HTMLInputElement) focused.blur()
    else back()
  })
  useJoin(visitorId, view.conversation?.status === 'open')
  // The list may know the head before the thread has arrived: the header stands at once.
  const head = view.conversation ?? inbox.head(visitorId) ?? null
  if (view.phase === 'failed' && view.events.length === 0)
    return (
      <Failed notFound={view.error?.code === 'conversation.not_found'} onRetry={() => thread.refresh()} onBack={back} />
    )
  if (view.phase === 'ready' && view.conversation === null)
    return <Failed notFound onRetry={() => thread.refresh()} onBack={back} />
  return (
    <div className="flex h-full min-w-0">
      <div className="flex h-full min-w-0 flex-1 flex-col">
        <ConversationHeader visitorId={visitorId} head={head} onBack={back} />
        <MessageLog thread={thread} view={view} />
        <TypingLine visitorId={visitorId} head={head} />
        <Composer thread={thread} visitorId={visitorId} closed={head?.status === 'closed'} />
      </div>
      {head !== null && <VisitorPanel head={head} />}
    </div>
  )
}

/** Opening an open conversation tells its visitor that somebody is there; once per opening, and never from a hidden tab. */
function useJoin(visitorId: string, isOpen: boolean): void {
  const { connection } = useLive()
  const [joined, setJoined] = useState(false)
  useEffect(() => {
    if (!isOpen || joined) return
    const join = () => {
      if (document.visibilityState !== 'visible') return
      setJoined(true)
      // Told or not, the agent can go on; the first reply joins too.
      connection.request('conversation.join', { visitorId }).catch(() => undefined)
    }
    join()
    document.addEventListener('visibilitychange', join)
    return () => document.removeEventListener('visibilitychange', join)
  }, [connection, visitorId, isOpen, joined])
}

function Failed({ notFound, onRetry, onBack }: { notFound: boolean; onRetry: () => void; onBack: () => void }) {
  return (
    <Empty
      icon={notFound ? <MessageCircleOff aria-hidden size={20} /> : <TriangleAlert aria-hidden size={20} />}
      title={notFound ? 'There is no such conversation' : 'The conversation could not be loaded'}
      action={
        <div className="flex gap-2">
          {!notFound && (
            <Button look="outline" onClick={onRetry}>
              Try again
            </Button>
          )}
          <Button look={notFound ? 'outline' : 'quiet'} onClick={onBack}>
            Back to the inbox
          </Button>
        </div>
      }
    >
      {notFound
        ? 'It may belong to another workspace, or the address is not complete.'
        : 'Check your connection. What you wrote is kept.'}
    </Empty>
  )
}
