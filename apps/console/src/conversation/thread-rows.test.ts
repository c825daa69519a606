import type { PendingMessage } from '@dosti/client'
import type { AgentsConversation, Party, StoredEvent, StoredEventName, StoredEventOf } from '@dosti/contracts'
import { evolve } from '@dosti/contracts/evolve'
import { expect, test } from 'vitest'
import { threadRows } from './thread-rows.ts'

const sara: Party = { kind: 'visitor', id: 'vis_1', name: 'Sara' }
const aisha: Party = { kind: 'agent', id: 'agt_1', name: 'Aisha' }
const marek: Party = { kind: 'agent', id: 'agt_2', name: 'Marek' }
const NOON = new Date(2026, 5, 1, 12).getTime()
const MINUTE_MS = 60_000

function eventOf<N extends StoredEventName>(
  name: N,
  seq: number,
  timestamp: number,
  actor: Party,
  data: StoredEventOf<N>['data'],
): StoredEvent {
  const stream = name === 'note.added' || name === 'conversation.assigned' ? 'internal' : 'public'
  // The union of all events cannot be told apart by a type parameter.
  return {
    id: `evt_${stream}${seq}`,
    name,
    stream,
    seq,
    timestamp,
    visitorId: 'vis_1',
    conversationId: 'cnv_1',
    actor,
    data,
  } as StoredEvent
}

const said = (seq: number, timestamp: number, actor: Party, text = `text ${seq}`) =>
  eventOf('message.sent', seq, timestamp, actor, { text })

function rowsOf(
  events: StoredEvent[],
  options: { pending?: PendingMessage[]; newAfter?: number; readByVisitor?: number } = {},
) {
  const head = events.reduce<AgentsConversation | null>(evolve, null)
  const conversation = head && { ...head, readByVisitor: options.readByVisitor ?? head.readByVisitor }
  return threadRows(
    { events, pending: options.pending ?? [], conversation },
    { me: aisha, newAfter: options.newAfter ?? null },
  )
}

test('a day line stands before the first row of each day, and only there', () => {
  const rows = rowsOf([said(1, NOON, sara), said(2, NOON + MINUTE_MS, sara), said(3, NOON + 24 * 60 * MINUTE_MS, sara)])
  expect(rows.map(({ kind }) => kind)).toEqual(['day', 'message', 'message', 'day', 'message'])
})

test('a name is said again after another author, a note, or five minutes', () => {
  const rows = rowsOf([
    said(1, NOON, sara),
    said(2, NOON + MINUTE_MS, sara),
    said(3, NOON + 7 * MINUTE_MS, sara),
    said(4, NOON + 8 * MINUTE_MS, aisha),
    said(5, NOON + 8.1 * MINUTE_MS, marek),
    eventOf('note.added', 1, NOON + 8.2 * MINUTE_MS, marek, { text: 'note' }),
  ])
  expect(rows.flatMap((row) => (row.kind === 'message' ? [row.first] : []))).toEqual([
    true,
    false,
    true,
    true,
    true,
    true,
  ])
  expect(rows.at(-1)).toMatchObject({ note: true, side: 'agent' })
})

test('"Seen" stands under the newest message, if it is an answer that the visitor has read', () => {
  const answered = [said(1, NOON, sara), said(2, NOON + 1, aisha), said(3, NOON + 2, aisha)]
  const seen = (events: StoredEvent[], readByVisitor: number) =>
    rowsOf(events, { readByVisitor }).flatMap((row) => (row.kind === 'message' && row.seen ? [row.text] : []))
  expect(seen(answered, 2)).toEqual([])
  expect(seen(answered, 3)).toEqual(['text 3'])
  expect(seen([...answered, said(4, NOON + 3, sara)], 4)).toEqual([])
})

test('the line for new messages stands once, before the first message of the visitor above the mark', () => {
  const rows = rowsOf(
    [said(1, NOON, sara), said(2, NOON + 1, aisha), said(3, NOON + 2, sara), said(4, NOON + 3, sara)],
    { newAfter: 1 },
  )
  expect(rows.map(({ key }) => key)).toEqual([
    expect.stringContaining('day'),
    'evt_public1',
    'evt_public2',
    'new',
    'evt_public3',
    'evt_public4',
  ])
})

test('a message keeps its key when it arrives, so that its row is not made anew', () => {
  const pending: PendingMessage = {
    clientMessageId: 'c1',
    kind: 'message',
    visitorId: 'vis_1',
    visitorName: null,
    text: 'hi',
    createdAt: NOON + 1,
    state: 'sending',
    error: null,
  }
  const before = rowsOf([said(1, NOON, sara)], { pending: [pending] })
  const after = rowsOf([
    said(1, NOON, sara),
    eventOf('message.sent', 2, NOON + 1, aisha, { text: 'hi', clientMessageId: 'c1' }),
  ])
  expect(before.at(-1)).toMatchObject({ key: 'c1', pending })
  expect(after.at(-1)).toMatchObject({ key: 'c1', pending: null })
})
