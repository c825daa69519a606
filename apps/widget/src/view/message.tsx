import { linkify, type Outbox } from '@dosti/client'
import { useMemo } from 'preact/hooks'
import type { MessageRow } from '../rows.ts'
import { STRINGS } from '../strings.ts'
import { timeOfDay } from './dates.ts'

const STATES = { sending: STRINGS.sending, sent: STRINGS.sent, seen: STRINGS.seen, failed: STRINGS.failed }

export interface MessageProps {
  row: MessageRow
  outbox: Outbox
  /** Only the visitor's latest message says how far it got, unless one failed. */
  showState: boolean
}

/** One bubble, with who wrote it and, at the end of a group, when. */
export function Message({ row, outbox, showState }: MessageProps) {
  const { agentName, state, opens, closes, timestamp } = row
  const own = agentName === null
  const stateText = own && (showState || state === 'failed' || state === 'sending') ? STATES[state] : ''
  return (
    <div class={`message ${own ? 'own' : 'agent'} ${state} ${opens ? 'opens' : ''} ${closes ? 'closes' : ''}`}>
      {own || !opens ? (
        <span class="unseen">{own ? STRINGS.you : agentName}: </span>
      ) : (
        <p class="author" dir="auto">
          {agentName}
        </p>
      )}
      <div class="bubble">
        <div dir="auto">
          <Text text={row.text} />
        </div>
      </div>
      {row.pending !== null && state === 'failed' ? (
        <Failure outbox={outbox} id={row.pending.clientMessageId} reason={row.pending.error?.message ?? ''} />
      ) : closes || stateText !== '' ? (
        // A state that changes on its way is not worth being read out.
        <p class="meta" dir="auto" aria-live="off">
          <time dateTime={new Date(timestamp).toISOString()}>{timeOfDay(timestamp)}</time>
          {stateText === '' ? null : <span> · {stateText}</span>}
        </p>
      ) : null}
    </div>
  )
}

function Failure({ outbox, id, reason }: { outbox: Outbox; id: string; reason: string }) {
  return (
    <div class="meta failure">
      <p dir="auto">
        {STRINGS.failed}. {reason}
      </p>
      <button type="button" class="text-button" onClick={() => outbox.retry(id)}>
        {STRINGS.tryAgain}
      </button>
      <button type="button" class="text-button" onClick={() => outbox.discard(id)}>
        {STRINGS.discard}
      </button>
    </div>
  )
}

/** Text as elements, never as HTML. */
function Text({ text }: { text: string }) {
  const parts = useMemo(() => linkify(text), [text])
  return (
    <>
      {parts.map((part) =>
        part.kind === 'text' ? (
          part.text
        ) : (
          <a href={part.href} target="_blank" rel="noopener noreferrer nofollow ugc" dir="ltr">
            {part.text}
          </a>
        ),
      )}
    </>
  )
}
