import type { Thread, ThreadView } from '@dosti/client'
import { ArrowDown } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { dayName } from '../design/time.ts'
import { useNow } from '../design/use-now.ts'
import { useLive } from '../live.tsx'
import { MessageItem } from './message-item.tsx'
import { NoticeLine } from './notice-line.tsx'
import { type ThreadRow, threadRows } from './thread-rows.ts'
import { usePinnedScroll } from './use-pinned-scroll.ts'
import { visitorLabel } from './visitor-name.ts'

/** The thread: older above, on demand; the newest below, in sight unless one has scrolled away. */
export function MessageLog({ thread, view }: { thread: Thread; view: ThreadView }) {
  const { me } = useLive()
  const now = useNow()
  const newAfter = useNewAfter(view)
  const rows = useMemo(
    () => threadRows(view, { me: { kind: 'agent', id: me.agent.id, name: me.agent.name }, newAfter }),
    [view, me, newAfter],
  )
  const { scroller, content, atEnd, toEnd } = usePinnedScroll({
    firstKey: view.events[0]?.id,
    onNearStart: () => {
      if (view.phase === 'ready' && view.hasOlder && !view.loadingOlder) void thread.loadOlder()
    },
  })
  useMarkRead(thread, view, atEnd)
  const isFilling = view.phase === 'loading' || view.loadingOlder
  const isQuiet = useUntilShown(isFilling)
  const visitorName = view.conversation === null ? 'Visitor' : visitorLabel(view.conversation)
  const sending = view.pending.length
  const sentBefore = useRef(sending)
  useEffect(() => {
    if (sending > sentBefore.current) toEnd()
    sentBefore.current = sending
  }, [sending, toEnd])
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        role="log"
        aria-label="Messages"
        // What was said before is not read out when it comes in.
        aria-live={isQuiet ? 'off' : 'polite'}
        aria-busy={isFilling}
        tabIndex={0}
        className="h-full overflow-x-hidden overflow-y-auto overscroll-contain -outline-offset-2 [overflow-anchor:none]"
      >
        <div
          ref={content}
          className="mx-auto flex min-h-full w-full max-w-190 flex-col justify-end px-5 pt-6 pb-3 max-md:px-3"
        >
          {view.phase === 'loading' && <LogLoading />}
          {view.hasOlder && (
            <p className="pb-4 text-center text-xs text-faint">{view.loadingOlder ? 'Loading older messages…' : ' '}</p>
          )}
          {rows.map((row) => (
            <LogRow key={row.key} row={row} now={now} visitorName={visitorName} />
          ))}
        </div>
      </div>
      {!atEnd && (
        <button
          type="button"
          aria-label="Go to the newest message"
          onClick={toEnd}
          className="absolute end-5 bottom-3 grid size-9 place-items-center rounded-full border border-line bg-raised text-soft shadow-large hover:text-ink animate-rise touch:size-11"
        >
          <ArrowDown aria-hidden size={17} />
        </button>
      )}
    </div>
  )
}

function LogRow({ row, now, visitorName }: { row: ThreadRow; now: number; visitorName: string }) {
  const { me, outbox } = useLive()
  switch (row.kind) {
    case 'day':
      return <DayLine text={dayName(row.timestamp, now)} />
    case 'new':
      return <NewLine />
    case 'notice':
      return <NoticeLine event={row.event} meId={me.agent.id} />
    case 'message':
      return (
        <MessageItem
          row={row}
          meId={me.agent.id}
          visitorName={visitorName}
          onRetry={(id) => outbox.retry(id)}
          onDiscard={(id) => outbox.discard(id)}
        />
      )
  }
}

/** As given, but false only once what was drawn with it has been on the screen. */
function useUntilShown(value: boolean): boolean {
  const [shown, setShown] = useState(value)
  useEffect(() => {
    const frame = requestAnimationFrame(() => setShown(value))
    return () => cancelAnimationFrame(frame)
  }, [value])
  return value || shown
}

/** Where the new messages began when the thread was opened; stays, so that the line does not run away while one reads. */
function useNewAfter({ phase, conversation }: ThreadView): number | null {
  const [mark, setMark] = useState<number | null | undefined>(undefined)
  if (mark === undefined && phase === 'ready')
    setMark(conversation !== null && (conversation.unread ?? 0) > 0 ? conversation.readByAgents : null)
  return mark ?? null
}

/** Says "read" only of what somebody can have seen: the end is in sight, and so is the tab. */
function useMarkRead(thread: Thread, { phase, seq }: ThreadView, atEnd: boolean): void {
  useEffect(() => {
    if (phase !== 'ready' || !atEnd) return
    const mark = () => {
      if (document.visibilityState === 'visible') thread.markRead()
    }
    mark()
    document.addEventListener('visibilitychange', mark)
    return () => document.removeEventListener('visibilitychange', mark)
  }, [thread, phase, seq, atEnd])
}

function DayLine({ text }: { text: string }) {
  return (
    <div className="my-4 flex items-center gap-3 text-xs font-medium text-faint first:mt-0">
      <span aria-hidden className="h-px flex-1 bg-line" />
      {text}
      <span aria-hidden className="h-px flex-1 bg-line" />
    </div>
  )
}

function NewLine() {
  return (
    <div className="mt-4 -mb-1 flex items-center gap-3 text-xs font-semibold text-danger">
      <span aria-hidden className="h-px flex-1 bg-danger opacity-35" />
      New
    </div>
  )
}

function LogLoading() {
  return (
    <div aria-hidden className="flex flex-col gap-3 pb-4">
      {['w-2/5 self-start', 'w-3/5 self-start', 'w-1/2 self-end', 'w-1/3 self-start', 'w-2/5 self-end'].map((shape) => (
        <div key={shape} className={`h-9 animate-pulse-soft rounded-2xl bg-bubble ${shape}`} />
      ))}
    </div>
  )
}
