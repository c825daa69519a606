import type { Party } from '@dosti/contracts'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { buildRows, type Row } from '../rows.ts'
import type { Session } from '../session.ts'
import { STRINGS } from '../strings.ts'
import { dayName } from './dates.ts'
import { DownIcon } from './icons.tsx'
import { Message } from './message.tsx'
import { useStore } from './use-store.ts'

/** This close to an end counts as being there, in pixels. */
const NEAR = 80

/** The conversation. Stays at the newest message unless the visitor has scrolled up; loads older ones at the top. */
export function MessageLog({ session, isOpen }: { session: Session; isOpen: boolean }) {
  const view = useStore(session.thread.view)
  const typing = [...useStore(session.othersTyping.typing).values()].flat()
  const log = useRef<HTMLDivElement>(null)
  const rows = useMemo(
    () => buildRows(view.events, view.pending, view.conversation?.readByAgents ?? 0),
    [view.events, view.pending, view.conversation],
  )
  const lastOwn = rows.findLast((row) => row.kind === 'message' && row.agentName === null)?.key
  const { isAway, look, toEnd } = useScroll(log, rows, typing.length, isOpen)
  const onScroll = () => {
    look()
    if (log.current !== null && log.current.scrollTop < NEAR && isOpen) void session.thread.loadOlder()
  }
  const isFilling = view.phase === 'loading' || view.loadingOlder
  const isQuiet = useUntilShown(isFilling)
  return (
    // Every button here goes away with its use, and would take the focus out of the chat with it.
    <div
      class="log-frame"
      onClick={(event) => {
        if (event.target instanceof Element && event.target.closest('button') !== null) log.current?.focus()
      }}
    >
      <div
        ref={log}
        class="log"
        role="log"
        aria-label={STRINGS.messages}
        // What was said before is not read out when it comes in.
        aria-live={isQuiet ? 'off' : 'polite'}
        aria-busy={isFilling}
        // A region that scrolls must be reachable for those who scroll by keys.
        tabIndex={0}
        onScroll={onScroll}
      >
        {view.loadingOlder ? <p class="notice">{STRINGS.loadingOlder}</p> : null}
        {rows.length === 0 && view.phase === 'ready' ? <Empty /> : null}
        {rows.map((row) => (
          <LogRow key={row.key} row={row} session={session} showState={row.key === lastOwn} />
        ))}
        <Typing parties={typing} />
      </div>
      {isAway ? (
        <button type="button" class="latest" aria-label={STRINGS.latest} onClick={toEnd}>
          <DownIcon />
        </button>
      ) : null}
    </div>
  )
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

function LogRow({ row, session, showState }: { row: Row; session: Session; showState: boolean }) {
  switch (row.kind) {
    case 'message':
      return <Message row={row} outbox={session.outbox} showState={showState} />
    case 'day':
      return (
        <p class="day">
          <span>{dayName(row.timestamp)}</span>
        </p>
      )
    case 'joined':
      return (
        <p class="notice" dir="auto">
          {STRINGS.joined(row.name)}
        </p>
      )
    case 'closed':
      return (
        <p class="notice" dir="auto">
          {STRINGS.closed}
        </p>
      )
    case 'reopened':
      return (
        <p class="notice" dir="auto">
          {STRINGS.reopened}
        </p>
      )
  }
}

function Empty() {
  return (
    <div class="empty">
      <h3 dir="auto">{STRINGS.welcomeTitle}</h3>
      <p dir="auto">{STRINGS.welcomeText}</p>
    </div>
  )
}

function Typing({ parties }: { parties: readonly Party[] }) {
  const names = parties.flatMap((party) => (party.kind === 'agent' ? [party.name] : []))
  if (names.length === 0) return null
  return (
    // Fleeting: shown, and not read out again and again.
    <div class="typing" aria-live="off">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <span dir="auto">{STRINGS.typing(names.join(', '))}</span>
    </div>
  )
}

/** Keeps the end in view, or the place where the visitor reads when older rows come in above it. */
function useScroll(
  log: { current: HTMLDivElement | null },
  rows: readonly Row[],
  typing: number,
  isOpen: boolean,
): { isAway: boolean; look: () => void; toEnd: () => void } {
  const atEnd = useRef(true)
  const before = useRef({ height: 0, first: '', last: '' })
  const [isAway, setAway] = useState(false)
  const look = () => {
    if (log.current === null || log.current.clientHeight === 0) return
    const { scrollHeight, scrollTop, clientHeight } = log.current
    atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR
    setAway(!atEnd.current)
  }
  const toEnd = () => {
    if (log.current !== null) log.current.scrollTop = log.current.scrollHeight
    look()
  }
  useLayoutEffect(() => {
    const element = log.current
    if (element === null || element.clientHeight === 0) return
    const first = rows.find((row) => row.kind !== 'day')?.key ?? ''
    const last = rows.at(-1)
    const wrote = last?.kind === 'message' && last.pending !== null && last.key !== before.current.last
    if (atEnd.current || wrote) toEnd()
    else if (first !== before.current.first) element.scrollTop += element.scrollHeight - before.current.height
    before.current = { height: element.scrollHeight, first, last: last?.key ?? '' }
  }, [rows, typing, isOpen])
  useLayoutEffect(() => {
    if (log.current === null) return undefined
    // The keyboard opens, the textbox grows: the end stays in view.
    const observer = new ResizeObserver(() => {
      if (atEnd.current) toEnd()
    })
    observer.observe(log.current)
    return () => observer.disconnect()
  }, [])
  return { isAway, look, toEnd }
}
