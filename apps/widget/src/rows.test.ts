import type { PendingMessage } from '@dosti/client'
import type { StoredEvent } from '@dosti/contracts'
import { expect, test } from 'vitest'
import { buildRows } from './rows.ts'

const NOON = new Date(2026, 4, 4, 12).getTime()
const base = { stream: 'public', visitorId: 'vis_1', conversationId: 'cnv_1' } as const

function said(seq: number, from: 'visitor' | 'agent', text: string, timestamp = NOON + seq): StoredEvent {
  const actor =
    from === 'visitor'
      ? ({ kind: from, id: 'vis_1', name: null } as const)
      : ({ kind: from, id: 'agt_1', name: 'Aisha' } as const)
  return {
    ...base,
    id: `msg_${seq}`,
    name: 'message.sent',
    seq,
    timestamp,
    actor,
    data: { text, clientMessageId: `c${seq}` },
  }
}

const system = { kind: 'system' } as const
const pending: PendingMessage = {
  clientMessageId: 'c9',
  kind: 'message',
  visitorId: null,
  visitorName: null,
  text: 'soon',
  createdAt: NOON + 9,
  state: 'sending',
  error: null,
}

test('messages of one person stand together until somebody else writes, or five minutes pass', () => {
  const rows = buildRows(
    [said(1, 'visitor', 'a'), said(2, 'visitor', 'b'), said(3, 'agent', 'c'), said(4, 'agent', 'd', NOON + 400_000)],
    [],
    0,
  )
  const shape = rows.flatMap((row) =>
    row.kind === 'message' ? [`${row.text}${row.opens ? '<' : ''}${row.closes ? '>' : ''}`] : [],
  )
  expect(shape).toEqual(['a<', 'b>', 'c<>', 'd<>'])
})

test('each day is named once, before its first row', () => {
  const rows = buildRows(
    [said(1, 'visitor', 'a'), said(2, 'visitor', 'b'), said(3, 'visitor', 'c', NOON + 86_400_000)],
    [],
    0,
  )
  expect(rows.map((row) => row.kind)).toEqual(['day', 'message', 'message', 'day', 'message'])
})

test('what agents have read is seen, the rest is sent, the last is on its way', () => {
  const rows = buildRows([said(1, 'visitor', 'a'), said(2, 'visitor', 'b')], [pending], 1)
  expect(rows.flatMap((row) => (row.kind === 'message' ? [row.state] : []))).toEqual(['seen', 'sent', 'sending'])
})

test('a message keeps its key when it is stored', () => {
  const before = buildRows([], [pending], 0).at(-1)?.key
  expect(buildRows([said(9, 'visitor', 'soon')], [], 0).at(-1)?.key).toBe(before)
})

test('joining, closing and reopening are said; opening is not', () => {
  const event = (seq: number, part: Pick<StoredEvent, 'name' | 'data'>) =>
    ({ ...base, ...part, id: `evt_${seq}`, seq, timestamp: NOON + seq, actor: system }) as StoredEvent
  const rows = buildRows(
    [
      event(1, { name: 'conversation.opened', data: {} }),
      event(2, { name: 'agent.joined', data: { agent: { id: 'agt_1', name: 'Aisha' } } }),
      event(3, { name: 'conversation.closed', data: {} }),
      event(4, { name: 'conversation.reopened', data: {} }),
    ],
    [],
    0,
  )
  expect(rows.map((row) => row.kind)).toEqual(['day', 'joined', 'closed', 'reopened'])
})
