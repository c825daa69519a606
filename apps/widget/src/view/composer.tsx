import { TEXT_LENGTH_MAX } from '@dosti/contracts/names'
import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'
import type { Session } from '../session.ts'
import { STRINGS } from '../strings.ts'
import { SendIcon } from './icons.tsx'

/** From here on the writer is told how much room is left. */
const WARN_BELOW = 300

export interface ComposerProps {
  session: Session
  textbox: RefObject<HTMLTextAreaElement | null>
}

/** Where the visitor writes: Enter sends, Shift and Enter begin a new line. */
export function Composer({ session, textbox }: ComposerProps) {
  const [text, setText] = useState(session.draft.get)
  // The unit of the limit is the code point, as on the wire.
  const left = TEXT_LENGTH_MAX - (text.length > TEXT_LENGTH_MAX - WARN_BELOW ? Array.from(text).length : text.length)
  const canSend = text.trim() !== '' && left >= 0
  const change = (next: string) => {
    setText(next)
    session.draft.set(next)
  }
  const send = () => {
    if (!canSend) return
    session.thread.send(text.trim())
    session.typing.stop()
    change('')
    textbox.current?.focus()
  }
  useLayoutEffect(() => grow(textbox.current), [text, textbox])
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <textarea
        ref={textbox}
        rows={1}
        dir="auto"
        aria-label={STRINGS.message}
        placeholder={STRINGS.messageHint}
        aria-describedby="room"
        aria-invalid={left < 0}
        enterkeyhint="send"
        value={text}
        onInput={(event) => {
          change(event.currentTarget.value)
          if (event.currentTarget.value === '') session.typing.stop()
          else session.typing.input()
        }}
        onBlur={() => session.typing.stop()}
        onKeyDown={(event) => {
          // While an input method is open, Enter takes its suggestion. Safari has closed it by then: only the old code tells.
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return
          event.preventDefault()
          send()
        }}
      />
      <button type="submit" class="send" aria-label={STRINGS.send} disabled={!canSend}>
        <SendIcon />
      </button>
      <p id="room" dir="auto" class={left < 0 ? 'room bad' : 'room'}>
        {left < 0 ? STRINGS.tooLong(TEXT_LENGTH_MAX) : left < WARN_BELOW ? STRINGS.left(left) : ''}
      </p>
    </form>
  )
}

function grow(textbox: HTMLTextAreaElement | null): void {
  if (textbox === null) return
  textbox.style.height = 'auto'
  // A closed panel has no height to measure; the style sheet's minimum holds then.
  if (textbox.scrollHeight > 0) textbox.style.height = `${textbox.scrollHeight}px`
}
