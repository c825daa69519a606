import type { RequestError, Store } from '@dosti/client'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { countUnread } from '../unread.ts'
import type { Session } from '../session.ts'
import { STRINGS } from '../strings.ts'
import { Banner } from './banner.tsx'
import { Composer } from './composer.tsx'
import { CloseIcon } from './icons.tsx'
import { MessageLog } from './message-log.tsx'
import { useStore } from './use-store.ts'

export interface PanelProps {
  session: Session
  open: Store<boolean>
  onClose: () => void
}

/** The chat's window. It stays in the tree while closed, so that nothing typed or scrolled is lost. */
export function Panel({ session, open, onClose }: PanelProps) {
  const panel = useRef<HTMLDivElement>(null)
  const textbox = useRef<HTMLTextAreaElement>(null)
  const isOpen = useStore(open)
  const status = useStore(session.connection.status)
  const view = useStore(session.thread.view)
  const error = status.kind === 'refused' ? status.error : view.error
  const isRefused = error !== null
  useLayoutEffect(() => {
    // Without a textbox the panel itself takes the focus, so that Escape still closes it.
    if (isOpen) (textbox.current ?? panel.current)?.focus()
  }, [isOpen, isRefused])
  useEffect(() => (isOpen ? fitAboveKeyboard(panel.current) : undefined), [isOpen])
  useMarkRead(session, isOpen)
  const retry = () => {
    session.connection.connect()
    session.thread.refresh()
  }
  return (
    <div
      ref={panel}
      class="panel"
      role="dialog"
      aria-label={STRINGS.chat}
      hidden={!isOpen}
      tabIndex={-1}
      // To the host page our keys would come from an element that is no text field, so it might take them for its own.
      onKeyUp={(event) => event.stopPropagation()}
      onKeyPress={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        event.stopPropagation()
        // As with Enter in the textbox, Escape may be an input method's.
        if (event.key === 'Escape' && !event.isComposing && event.keyCode !== 229) onClose()
      }}
    >
      <Header session={session} onClose={onClose} />
      <Banner status={session.connection.status} />
      {error === null ? <MessageLog session={session} isOpen={isOpen} /> : <Refusal error={error} onRetry={retry} />}
      {error === null ? <Composer session={session} textbox={textbox} /> : null}
    </div>
  )
}

function Header({ session, onClose }: { session: Session; onClose: () => void }) {
  const name = useStore(session.config)?.workspaceName ?? ''
  const conversation = useStore(session.thread.view).conversation
  const agents = conversation?.status === 'open' ? conversation.agents.map((agent) => agent.name) : []
  const here = agents.length === 0 ? STRINGS.ask : STRINGS.here(new Intl.ListFormat('en').format(agents.slice(-2)))
  return (
    <div class="header">
      <div class="emblem" aria-hidden="true">
        {Array.from(name === '' ? STRINGS.team : name)[0]?.toUpperCase()}
      </div>
      <div class="heading">
        <h2 dir="auto">{name === '' ? STRINGS.team : name}</h2>
        <p dir="auto">{here}</p>
      </div>
      <button type="button" class="icon-button" aria-label={STRINGS.closeChat} onClick={onClose}>
        <CloseIcon />
      </button>
    </div>
  )
}

function Refusal({ error, onRetry }: { error: RequestError; onRetry: () => void }) {
  return (
    <div class="refusal" role="alert">
      <h3 dir="auto">{STRINGS.refusedTitle}</h3>
      <p dir="auto">{STRINGS.refused}</p>
      <p class="reason" dir="auto">
        {error.message} <code>{error.code}</code>
      </p>
      <button type="button" class="text-button" onClick={onRetry}>
        {STRINGS.tryAgain}
      </button>
    </div>
  )
}

/** Says that the visitor has read, while the chat is open in a tab that is looked at. */
function useMarkRead({ thread }: Session, isOpen: boolean): void {
  const view = useStore(thread.view)
  useEffect(() => {
    const look = () => {
      if (isOpen && document.visibilityState === 'visible' && countUnread(thread.view.get()) > 0) thread.markRead()
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [isOpen, view, thread])
}

/** On a phone the keyboard covers the page instead of shrinking it: the panel takes what remains visible. */
function fitAboveKeyboard(panel: HTMLElement | null): (() => void) | undefined {
  const viewport = window.visualViewport
  if (panel === null || viewport === null) return undefined
  const ending = new AbortController()
  const fit = () => {
    panel.style.setProperty('--visible-height', `${viewport.height}px`)
    panel.style.setProperty('--visible-top', `${viewport.offsetTop}px`)
  }
  fit()
  viewport.addEventListener('resize', fit, { signal: ending.signal })
  viewport.addEventListener('scroll', fit, { signal: ending.signal })
  return () => ending.abort()
}
