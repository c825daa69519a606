import { linkify } from '@dosti/client'
import { CircleAlert, Clock, StickyNote } from 'lucide-react'
import { memo } from 'react'
import { clockTime, fullTime, isoTime } from '../design/time.ts'
import type { MessageRow } from './thread-rows.ts'

interface Props {
  row: MessageRow
  meId: string
  /** What the visitor is called now; early messages may have come without a name. */
  visitorName: string
  onRetry: (clientMessageId: string) => void
  onDiscard: (clientMessageId: string) => void
}

/** One message or note. Visitors stand at the start, the team at the end; notes look like paper, so that none is sent by mistake. */
export const MessageItem = memo(
  function MessageItem({ row, meId, visitorName, onRetry, onDiscard }: Props) {
    const { side, note, pending, first, seen } = row
    const look = note ? 'border border-note-line bg-note text-ink' : side === 'visitor' ? 'bg-bubble' : 'bg-bubble-own'
    return (
      <article
        className={`flex max-w-[82%] flex-col ${side === 'visitor' ? 'items-start self-start' : 'items-end self-end'} ${first ? 'mt-3.5' : 'mt-1'}`}
      >
        {first && <Author row={row} meId={meId} visitorName={visitorName} />}
        <div
          dir="auto"
          title={fullTime(row.timestamp)}
          className={`written max-w-full rounded-2xl px-3.5 py-2 ${look} ${pending?.state === 'sending' ? 'opacity-70' : ''}`}
        >
          <MessageText text={row.text} />
        </div>
        {pending?.state === 'sending' && <Sending />}
        {pending?.state === 'failed' && (
          <Failed
            reason={pending.error?.message ?? 'It was not sent.'}
            onRetry={() => onRetry(pending.clientMessageId)}
            onDiscard={() => onDiscard(pending.clientMessageId)}
          />
        )}
        {seen && <p className="mt-0.5 pe-1 text-xs text-faint">Seen</p>}
      </article>
    )
  },
  (before, after) =>
    before.meId === after.meId && before.visitorName === after.visitorName && sameRow(before.row, after.row),
)

/** Rows are made anew for each view; what they show mostly stays. */
function sameRow(one: MessageRow, other: MessageRow): boolean {
  return (
    one.key === other.key &&
    one.text === other.text &&
    one.timestamp === other.timestamp &&
    one.first === other.first &&
    one.seen === other.seen &&
    one.pending === other.pending
  )
}

function Author({ row: { author, note, timestamp }, meId, visitorName }: Pick<Props, 'row' | 'meId' | 'visitorName'>) {
  const name =
    author.kind === 'system'
      ? 'Dosti'
      : author.kind === 'visitor'
        ? (author.name ?? visitorName)
        : author.id === meId
          ? 'You'
          : author.name
  return (
    <p className="mb-1 flex items-center gap-1.5 px-1 text-xs text-soft">
      {note && (
        <span className="inline-flex items-center gap-1 font-semibold text-note-ink">
          <StickyNote aria-hidden size={12} />
          Note
        </span>
      )}
      <bdi className="font-medium">{name}</bdi>
      <time dateTime={isoTime(timestamp)} className="text-faint tabular-nums">
        {clockTime(timestamp)}
      </time>
    </p>
  )
}

function MessageText({ text }: { text: string }) {
  return linkify(text).map((part, index) =>
    part.kind === 'text' ? (
      part.text
    ) : (
      <a
        key={index}
        href={part.href}
        target="_blank"
        rel="noopener noreferrer nofollow ugc"
        dir="ltr"
        className="text-accent-ink underline decoration-1 underline-offset-2"
      >
        {part.text}
      </a>
    ),
  )
}

function Sending() {
  return (
    // Fleeting: shown, and not read out with each message.
    <p aria-live="off" className="mt-0.5 flex items-center gap-1 pe-1 text-xs text-faint">
      <Clock aria-hidden size={11} />
      Sending…
    </p>
  )
}

function Failed({ reason, onRetry, onDiscard }: { reason: string; onRetry: () => void; onDiscard: () => void }) {
  const action = 'rounded font-medium underline underline-offset-2 touch:px-2 touch:py-3'
  return (
    <p role="alert" className="mt-1 flex flex-wrap items-center justify-end gap-x-2 pe-1 text-xs text-danger">
      <CircleAlert aria-hidden size={13} />
      <span>Not sent. {reason}</span>
      <button type="button" className={action} onClick={onRetry}>
        Retry
      </button>
      <button type="button" className={action} onClick={onDiscard}>
        Discard
      </button>
    </p>
  )
}
