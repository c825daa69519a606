import { createTypingSignal, type Thread } from '@dosti/client'
import { TEXT_LENGTH_MAX } from '@dosti/contracts/names'
import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { Button } from '../design/button.tsx'
import { composes } from '../keyboard/composes.ts'
import { useCommand } from '../keyboard/use-shortcuts.ts'
import { useLive } from '../live.tsx'
import { type DraftField, readDraft, writeDraft } from './drafts.ts'

const MODES = {
  message: { tab: 'Reply', label: 'Reply', placeholder: 'Write a reply…', send: 'Send', look: 'solid' },
  note: {
    tab: 'Note',
    label: 'Note',
    placeholder: 'Write a note. Only your team sees it.',
    send: 'Add note',
    look: 'note',
  },
} as const
const FIELDS: readonly DraftField[] = ['message', 'note']
/** The rest is counted down from here on. */
const COUNT_FROM = TEXT_LENGTH_MAX - 300

interface Props {
  thread: Thread
  visitorId: string
  closed: boolean
}

/** Where agents write: a reply for the visitor or a note for the team, each with a draft of its own. */
export function Composer({ thread, visitorId, closed }: Props) {
  const [mode, setMode] = useState<DraftField>('message')
  const field = useRef<HTMLTextAreaElement>(null)
  const { text, write, typed, send, left } = useDraft({ thread, visitorId, mode })
  useAutoHeight(field, text)
  useFocusOnOpen(field)
  const choose = (next: DraftField) => {
    // At once, and after the field has its new name: the next key that is pressed is text, not another command.
    flushSync(() => setMode(next))
    field.current?.focus()
  }
  useCommand('conversation.reply', () => choose('message'))
  useCommand('conversation.note', () => choose('note'))
  const { label, placeholder, send: sendLabel, look } = MODES[mode]
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || composes(event.nativeEvent)) return
    event.preventDefault()
    send()
  }
  return (
    <div className="mx-auto w-full max-w-190 shrink-0 px-4 pb-[max(1rem,env(safe-area-inset-bottom))] max-md:px-2 max-md:pb-[max(0.5rem,env(safe-area-inset-bottom))]">
      <div
        className={`rounded-2xl border shadow-small transition-shadow focus-within:border-focus focus-within:outline-1 focus-within:outline-focus ${mode === 'note' ? 'border-note-line bg-note' : 'border-line-strong bg-surface'}`}
      >
        <ModeTabs mode={mode} onChoose={choose} hint={hintOf(left, closed, mode)} />
        <div className="flex items-end gap-2 pe-2 pb-2">
          <textarea
            ref={field}
            aria-label={label}
            rows={1}
            dir="auto"
            value={text}
            placeholder={placeholder}
            onChange={(event) => write(event.target.value)}
            onInput={typed}
            onKeyDown={onKeyDown}
            enterKeyHint="send"
            className="written block max-h-[40dvh] min-h-10 min-w-0 flex-1 resize-none md:min-h-16 bg-transparent px-4 py-2 outline-none placeholder:text-faint"
          />
          <Button look={look} disabled={text.trim() === '' || left < 0} onClick={send}>
            {sendLabel}
          </Button>
        </div>
      </div>
    </div>
  )
}

function hintOf(left: number, closed: boolean, mode: DraftField): string {
  if (left < 0) return `${-left} characters too many`
  if (left < TEXT_LENGTH_MAX - COUNT_FROM) return `${left} characters left`
  return closed && mode === 'message' ? 'Closed. A reply reopens it.' : ''
}

function ModeTabs({ mode, onChoose, hint }: { mode: DraftField; onChoose: (mode: DraftField) => void; hint: string }) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') onChoose(mode === 'message' ? 'note' : 'message')
  }
  return (
    <div className="flex items-center gap-1 px-2 pt-1.5">
      <div role="tablist" aria-label="What you write" className="flex gap-0.5" onKeyDown={onKeyDown}>
        {FIELDS.map((value) => (
          <button
            key={value}
            type="button"
            role="tab"
            aria-selected={mode === value}
            tabIndex={mode === value ? 0 : -1}
            onClick={() => onChoose(value)}
            className="h-7 rounded-md px-2.5 text-xs font-medium text-soft hover:text-ink aria-selected:font-semibold aria-selected:text-ink touch:h-11 touch:px-4"
          >
            {MODES[value].tab}
          </button>
        ))}
      </div>
      <p role="status" className="one-line ms-auto min-w-0 pe-2 text-xs text-soft tabular-nums">
        {hint}
      </p>
    </div>
  )
}

function useDraft({ thread, visitorId, mode }: { thread: Thread; visitorId: string; mode: DraftField }) {
  const { storageScope, connection } = useLive()
  const [drafts, setDrafts] = useState(() => ({
    message: readDraft(storageScope, 'message', visitorId),
    note: readDraft(storageScope, 'note', visitorId),
  }))
  const signal = useTypingSignal(connection, visitorId)
  const text = drafts[mode]
  // Almost every text is far from the limit: only near it are code points counted.
  const length = text.length < COUNT_FROM ? text.length : Array.from(text).length
  const write = (next: string) => {
    setDrafts((before) => ({ ...before, [mode]: next }))
    writeDraft(storageScope, mode, visitorId, next)
  }
  const send = () => {
    if (text.trim() === '' || length > TEXT_LENGTH_MAX) return
    if (mode === 'note') thread.addNote(text)
    else thread.send(text)
    write('')
    signal.current?.stop()
  }
  // A note is for the team: its visitor must not see somebody typing.
  const typed = () => {
    if (mode === 'message') signal.current?.input()
  }
  return { text, write, typed, send, left: TEXT_LENGTH_MAX - length }
}

function useTypingSignal(connection: Parameters<typeof createTypingSignal>[0]['connection'], visitorId: string) {
  const signal = useRef<ReturnType<typeof createTypingSignal> | null>(null)
  useEffect(() => {
    const made = createTypingSignal({ connection, visitorId })
    signal.current = made
    return () => made.close()
  }, [connection, visitorId])
  return signal
}

/** As high as its text, up to the limit of the style sheet. */
function useAutoHeight(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const box = field.current
    if (box === null) return
    box.style.height = 'auto'
    box.style.height = `${box.scrollHeight}px`
  }, [field, text])
}

/** Writing can begin at once; not where that would raise a phone's keyboard over the thread. */
function useFocusOnOpen(field: RefObject<HTMLTextAreaElement | null>): void {
  useEffect(() => {
    if (!matchMedia('(pointer: coarse)').matches) field.current?.focus()
  }, [field])
}
