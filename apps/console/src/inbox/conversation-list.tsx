import type { InboxView } from '@dosti/client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useNow } from '../design/use-now.ts'
import { useCommand } from '../keyboard/use-shortcuts.ts'
import { useLive, useStore } from '../live.tsx'
import { ConversationItem, ITEM_HEIGHT } from './conversation-item.tsx'
import { Filters } from './filters.tsx'
import { ListEmpty, ListFailed, ListLoading } from './list-states.tsx'
import { nextPlace } from './next-place.ts'

/** Pages are fetched this many rows before the end comes into sight. */
const AHEAD = 15

/** The list column: filters on top, below them the conversations, last changed first. */
export function ConversationList({
  opened,
  onOpen,
  gateway,
}: {
  opened: string | undefined
  onOpen: (visitorId: string) => void
  gateway: string
}) {
  const { inbox } = useLive()
  const view = useStore(inbox.view)
  const scroller = useRef<HTMLDivElement>(null)
  return (
    <section aria-label="Inbox" className="flex min-h-0 flex-1 flex-col">
      <Filters filter={view.filter} onChange={(filter) => inbox.setFilter(filter)} />
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto overscroll-contain [scrollbar-gutter:stable]">
        {view.conversations.length > 0 ? (
          <Rows view={view} scroller={scroller} opened={opened} onOpen={onOpen} onEnd={() => void inbox.loadMore()} />
        ) : view.phase === 'loading' ? (
          <ListLoading />
        ) : view.phase === 'failed' ? (
          <ListFailed onRetry={() => inbox.refresh()} />
        ) : (
          <ListEmpty filter={view.filter} gateway={gateway} />
        )}
      </div>
    </section>
  )
}

interface RowsProps {
  view: InboxView
  scroller: RefObject<HTMLDivElement | null>
  opened: string | undefined
  onOpen: (visitorId: string) => void
  onEnd: () => void
}

/** Only what is in sight is in the page; positions are told to screen readers by number. */
function Rows({ view, scroller, opened, onOpen, onEnd }: RowsProps) {
  const { conversations, hasMore, loadingMore } = view
  const { typing } = useLive()
  const typists = useStore(typing)
  const now = useNow()
  const rows = useVirtualizer({
    count: conversations.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ITEM_HEIGHT,
    getItemKey: (index) => conversations[index]?.visitorId ?? index,
    overscan: 6,
  })
  const items = rows.getVirtualItems()
  const selected = useSelection({
    view,
    opened,
    onOpen,
    scroller,
    show: (index) => rows.scrollToIndex(index, { align: 'auto' }),
  })
  const nearEnd = hasMore && !loadingMore && (items.at(-1)?.index ?? 0) >= conversations.length - AHEAD
  useEffect(() => {
    if (nearEnd) onEnd()
  }, [nearEnd, conversations.length])
  return (
    <ul aria-label="Conversations" className="relative" style={{ height: rows.getTotalSize() }}>
      {items.map(({ index, start }) => {
        const conversation = conversations[index]
        if (conversation === undefined) return null
        const { visitorId } = conversation
        return (
          <ConversationItem
            key={visitorId}
            conversation={conversation}
            position={index + 1}
            count={hasMore ? -1 : conversations.length}
            top={start}
            opened={visitorId === opened}
            selected={visitorId === selected}
            typing={typists.get(visitorId)?.some(({ kind }) => kind === 'visitor') ?? false}
            now={now}
          />
        )
      })}
    </ul>
  )
}

/** The selected row follows j and k and carries the focus, so that what is read aloud is what Enter opens. */
function useSelection({
  view,
  opened,
  onOpen,
  scroller,
  show,
}: Omit<RowsProps, 'onEnd'> & { show: (index: number) => void }) {
  const [selected, setSelected] = useState<string | undefined>(opened)
  const focusWanted = useRef(false)
  useEffect(() => {
    if (opened !== undefined) setSelected(opened)
  }, [opened])
  const { conversations } = view
  const at = conversations.findIndex(({ visitorId }) => visitorId === selected)
  const before = useRef(-1)
  useEffect(() => {
    if (at !== -1) before.current = at
  }, [at])
  const move = (by: 1 | -1) => {
    const next = nextPlace({ at, before: before.current, by, count: conversations.length })
    show(next)
    focusWanted.current = true
    setSelected(conversations[next]?.visitorId)
  }
  useCommand('list.next', () => move(1))
  useCommand('list.previous', () => move(-1))
  useCommand('list.open', () => {
    if (selected !== undefined) onOpen(selected)
  })
  useLayoutEffect(() => {
    if (!focusWanted.current) return
    const link = scroller.current?.querySelector<HTMLElement>('[data-selected] a')
    // The row may come into the page only after the scrolling; a later render finds it then.
    if (!link) return
    focusWanted.current = false
    link.focus({ preventScroll: true })
  })
  return selected
}
