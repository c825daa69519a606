import type { PendingMessage, ThreadView } from '@dosti/client'
import type { Party, StoredEvent } from '@dosti/contracts'
import { startOfDay } from '../design/time.ts'

/** What a message row shows, whether stored or still on its way. */
export interface MessageRow {
  kind: 'message'
  key: string
  side: 'visitor' | 'agent'
  note: boolean
  author: Party
  text: string
  timestamp: number
  /** False while it follows another of the same author closely: then the name is not said again. */
  first: boolean
  pending: PendingMessage | null
  /** True on the last answer that the visitor has read. */
  seen: boolean
}

export type ThreadRow =
  | MessageRow
  | { kind: 'day'; key: string; timestamp: number }
  | { kind: 'new'; key: string }
  | { kind: 'notice'; key: string; event: StoredEvent; timestamp: number }

const GROUP_GAP_MS = 5 * 60_000

interface Options {
  me: Party
  /** Public numbers above this are new to the agents; null draws no line. */
  newAfter: number | null
}

/** The rows of a thread, oldest first: pure, so that what is on screen follows from the view alone. */
export function threadRows(
  view: Pick<ThreadView, 'events' | 'pending' | 'conversation'>,
  { me, newAfter }: Options,
): ThreadRow[] {
  const rows: ThreadRow[] = []
  const seenKey = lastSeen(view)
  let newShown = newAfter === null
  for (const event of view.events) {
    addDay(rows, event.timestamp)
    if (!newShown && event.name === 'message.sent' && event.actor.kind === 'visitor' && event.seq > (newAfter ?? 0)) {
      rows.push({ kind: 'new', key: 'new' })
      newShown = true
    }
    if (event.name === 'message.sent' || event.name === 'note.added') rows.push(storedRow(event, rows.at(-1), seenKey))
    else rows.push({ kind: 'notice', key: event.id, event, timestamp: event.timestamp })
  }
  for (const pending of view.pending) {
    addDay(rows, pending.createdAt)
    rows.push(pendingRow(pending, me, rows.at(-1)))
  }
  return rows
}

function addDay(rows: ThreadRow[], timestamp: number): void {
  const last = rows.findLast((row) => row.kind !== 'new')
  const day = startOfDay(timestamp)
  if (last === undefined || !('timestamp' in last) || startOfDay(last.timestamp) !== day)
    rows.push({ kind: 'day', key: `day-${day}`, timestamp: day })
}

function storedRow(
  event: StoredEvent & { name: 'message.sent' | 'note.added' },
  before: ThreadRow | undefined,
  seenKey: string | null,
): MessageRow {
  const key = event.data.clientMessageId ?? event.id
  const row = {
    kind: 'message',
    key,
    side: event.actor.kind === 'visitor' ? 'visitor' : 'agent',
    note: event.name === 'note.added',
    author: event.actor,
    text: event.data.text,
    timestamp: event.timestamp,
    pending: null,
    seen: key === seenKey,
  } as const
  return { ...row, first: !follows(row, before) }
}

function pendingRow(pending: PendingMessage, me: Party, before: ThreadRow | undefined): MessageRow {
  const row = {
    kind: 'message',
    key: pending.clientMessageId,
    side: 'agent',
    note: pending.kind === 'note',
    author: me,
    text: pending.text,
    timestamp: pending.createdAt,
    pending,
    seen: false,
  } as const
  return { ...row, first: !follows(row, before) }
}

function follows(row: Omit<MessageRow, 'first'>, before: ThreadRow | undefined): boolean {
  return (
    before?.kind === 'message' &&
    before.note === row.note &&
    before.author.kind === row.author.kind &&
    (row.author.kind === 'system' || (before.author.kind !== 'system' && before.author.id === row.author.id)) &&
    row.timestamp - before.timestamp < GROUP_GAP_MS
  )
}

function lastSeen({ events, conversation }: Pick<ThreadView, 'events' | 'conversation'>): string | null {
  const mark = conversation?.readByVisitor ?? 0
  const last = events.findLast((event) => event.name === 'message.sent')
  // Said only under the newest message: once the visitor has written, that it read what came before is plain.
  if (last?.name !== 'message.sent' || last.actor.kind !== 'agent' || last.seq > mark) return null
  return last.data.clientMessageId ?? last.id
}
