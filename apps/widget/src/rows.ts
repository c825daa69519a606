/** From what is stored and what is on its way to the lines of the log. Pure. */
import type { PendingMessage } from '@dosti/client'
import type { StoredEvent } from '@dosti/contracts'

export interface MessageRow {
  kind: 'message'
  /** Stays when a message on its way becomes a stored one, so that its element does too. */
  key: string
  text: string
  timestamp: number
  /** Null for the visitor's own. */
  agentName: string | null
  state: 'sending' | 'sent' | 'seen' | 'failed'
  /** Set while it is on its way or failed: what retry and discard need. */
  pending: PendingMessage | null
  /** First and last of what one person wrote in one go. */
  opens: boolean
  closes: boolean
}

export type Row =
  | MessageRow
  | { kind: 'day'; key: string; timestamp: number }
  | { kind: 'joined'; key: string; name: string }
  | { kind: 'closed' | 'reopened'; key: string }

/** Messages of one person this close to each other stand together. */
const GROUP_MS = 5 * 60 * 1000

/** The rows in order; `readByAgents` is the highest number an agent has read. */
export function buildRows(
  events: readonly StoredEvent[],
  pending: readonly PendingMessage[],
  readByAgents: number,
): Row[] {
  const rows: Row[] = []
  let day = ''
  const add = (row: Row, timestamp: number) => {
    const today = new Date(timestamp).toDateString()
    if (today !== day) rows.push({ kind: 'day', key: `day ${today}`, timestamp })
    day = today
    rows.push(row)
  }
  for (const event of events) {
    const row = rowOf(event, readByAgents)
    if (row !== null) add(row, event.timestamp)
  }
  for (const message of pending) add(pendingRow(message), message.createdAt)
  return group(rows)
}

function rowOf(event: StoredEvent, readByAgents: number): Row | null {
  switch (event.name) {
    case 'message.sent': {
      const { actor, data } = event
      const state = event.seq <= readByAgents ? 'seen' : 'sent'
      const agentName = actor.kind === 'agent' ? actor.name : null
      const key = data.clientMessageId ?? event.id
      return {
        kind: 'message',
        key,
        text: data.text,
        timestamp: event.timestamp,
        agentName,
        state,
        pending: null,
        ...ALONE,
      }
    }
    case 'agent.joined':
      return { kind: 'joined', key: event.id, name: event.data.agent.name }
    case 'conversation.closed':
      return { kind: 'closed', key: event.id }
    case 'conversation.reopened':
      return { kind: 'reopened', key: event.id }
    case 'conversation.opened':
    case 'note.added':
    case 'conversation.assigned':
      return null
    default:
      // A later version of the wire may tell more than this one can show.
      return null
  }
}

const ALONE = { opens: true, closes: true }

function pendingRow(message: PendingMessage): MessageRow {
  const { clientMessageId: key, text, createdAt: timestamp, state } = message
  return { kind: 'message', key, text, timestamp, agentName: null, state, pending: message, ...ALONE }
}

function group(rows: Row[]): Row[] {
  return rows.map((row, index) => {
    if (row.kind !== 'message') return row
    return { ...row, opens: !belongs(rows[index - 1], row), closes: !belongs(row, rows[index + 1]) }
  })
}

function belongs(earlier: Row | undefined, later: Row | undefined): boolean {
  if (earlier?.kind !== 'message' || later?.kind !== 'message') return false
  return earlier.agentName === later.agentName && later.timestamp - earlier.timestamp < GROUP_MS
}
