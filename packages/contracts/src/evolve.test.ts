import { expect, it } from 'vitest'
import type { AgentsConversation } from './conversation.ts'
import type { StoredEvent } from './events.ts'
import { evolve, evolveRead, visitorView } from './evolve.ts'

const sent = (text: string) =>
  ({
    id: 'msg_1',
    name: 'message.sent',
    stream: 'public',
    seq: 2,
    timestamp: 2,
    visitorId: 'v',
    conversationId: 'cnv_1',
    actor: { kind: 'visitor', id: 'v', name: null },
    data: { text },
  }) as StoredEvent

it.each([
  ['short', 'short'],
  ['x'.repeat(200), 'x'.repeat(200)],
  ['x'.repeat(201), `${'x'.repeat(200)}…`],
  ['😀'.repeat(200), '😀'.repeat(200)],
  [`a${'😀'.repeat(300)}`, `a${'😀'.repeat(199)}…`],
])('a list row holds 200 code points: %s', (text, preview) =>
  expect(evolve(null, sent(text)).lastMessage?.text).toBe(preview),
)

it('no more is unread than came after what the agents read', () => {
  const head: AgentsConversation = { ...evolve(null, sent('x')), seq: 9, unread: 5 }
  const unreadAfter = (seq: number) => evolveRead(head, { by: 'agents', seq }).unread
  expect([3, 7, 9, 99].map(unreadAfter)).toEqual([5, 2, 0, 0])
  expect(evolveRead(head, { by: 'visitor', seq: 9 }).unread).toBe(5)
  expect(evolveRead(visitorView(head), { by: 'agents', seq: 7 })).not.toHaveProperty('unread')
})

it('who writes has read what came before, or what they had seen of it', () => {
  const by = (kind: 'visitor' | 'agent', readTo?: number) =>
    ({
      ...sent('x'),
      seq: 9,
      actor: { kind, id: 'a', name: 'A' },
      data: { text: 'x', ...(readTo === undefined ? {} : { readTo }) },
    }) as StoredEvent
  const head: AgentsConversation = { ...evolve(null, sent('x')), seq: 8, unread: 3, readByAgents: 4, readByVisitor: 4 }
  const marks = (event: StoredEvent) => {
    const { readByVisitor, readByAgents, unread } = evolve(head, event)
    return [readByVisitor, readByAgents, unread]
  }
  expect(marks(by('visitor'))).toEqual([9, 4, 4])
  expect(marks(by('visitor', 6))).toEqual([6, 4, 4])
  expect(marks(by('visitor', 2))).toEqual([4, 4, 4])
  expect(marks(by('agent'))).toEqual([4, 9, 0])
  expect(marks(by('agent', 7))).toEqual([4, 7, 2])
})

it('P2 of a head visitors see what is named for them, and of later fields nothing', () => {
  const head = { ...evolve(null, sent('x')), mood: 'internal' } as AgentsConversation
  expect(Object.keys(visitorView(head)).sort()).toEqual(
    [
      'id',
      'visitorId',
      'visitorName',
      'status',
      'agents',
      'lastMessage',
      'openedAt',
      'closedAt',
      'updatedAt',
      'seq',
      'readByAgents',
      'readByVisitor',
    ].sort(),
  )
})
