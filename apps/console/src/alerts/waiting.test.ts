import type { AgentsConversation } from '@dosti/contracts'
import { expect, test } from 'vitest'
import { stillWaiting, type Waiting, withAlert } from './waiting.ts'

const head: AgentsConversation = {
  id: 'cnv_1',
  visitorId: 'vis_1',
  visitorName: 'Sara',
  status: 'open',
  agents: [],
  lastMessage: null,
  openedAt: 1,
  closedAt: null,
  updatedAt: 1,
  seq: 2,
  readByAgents: 0,
  readByVisitor: 2,
  assignee: null,
  unread: 1,
  internalSeq: 0,
  bound: false,
}
const alert: Waiting['alert'] = {
  alertId: 'alr_1',
  conversationId: 'cnv_1',
  visitorId: 'vis_1',
  visitorName: 'Sara',
  text: 'Hello?',
  step: 1,
}
const afterwards = (changed: Partial<AgentsConversation>, raisedAt: AgentsConversation | undefined = head) =>
  stillWaiting(withAlert([], alert, raisedAt), () => ({ ...head, ...changed })).length

test('a second alert of the same conversation takes the place of the first', () => {
  const first = withAlert([], alert, head)
  expect(withAlert(first, { ...alert, alertId: 'alr_2', step: 2 }, head).map((item) => item.alert.step)).toEqual([2])
  expect(withAlert(first, { ...alert, conversationId: 'cnv_2' }, head)).toHaveLength(2)
})

test('reading, taking and closing end the waiting; anything else does not', () => {
  expect(afterwards({})).toBe(1)
  expect(afterwards({ unread: 0 })).toBe(0)
  expect(afterwards({ status: 'closed' })).toBe(0)
  expect(afterwards({ assignee: { id: 'agt_1', name: 'Aisha' } })).toBe(0)
})

test('an alert for somebody who is away does not end because it is theirs', () => {
  const away = { id: 'agt_9', name: 'Away' } as const
  expect(afterwards({ assignee: away }, { ...head, assignee: away })).toBe(1)
  const unknown = withAlert([], alert, undefined)
  const known = stillWaiting(unknown, () => ({ ...head, assignee: away }))
  expect(known).toHaveLength(1)
  expect(stillWaiting(known, () => ({ ...head, assignee: { id: 'agt_1', name: 'Aisha' } }))).toEqual([])
})

test('an alert that overtakes its message does not count as read before the message is known', () => {
  const raised = withAlert([], alert, { ...head, unread: 0 })
  const stale = stillWaiting(raised, () => ({ ...head, unread: 0 }))
  expect(stale).toBe(raised)
  const arrived = stillWaiting(stale, () => head)
  expect(arrived).toHaveLength(1)
  expect(stillWaiting(arrived, () => ({ ...head, unread: 0 }))).toHaveLength(0)
})
