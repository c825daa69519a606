import type { AgentActor, AgentsConversation, VisitorActor } from '@dosti/contracts'
import { describe, expect, it } from 'vitest'
import type { Thread } from './ports.ts'
import { decideSendMessage, REOPEN_WITHIN_MS } from './send-message.ts'

const visitor: VisitorActor = {
  kind: 'visitor',
  workspaceId: 'wsp_a',
  visitorId: 'v1',
  bound: false,
  visitorName: 'Sana',
}
const aisha: AgentActor = {
  kind: 'agent',
  workspaceId: 'wsp_a',
  agentId: 'agt_aisha',
  agentName: 'Aisha',
  sessionId: 'ses_1',
}
const stamp = { now: 1_000_000_000, conversationId: 'cnv_new' } as const
const input = { text: 'Hello' }

const conversation = (change: Partial<AgentsConversation> = {}): AgentsConversation => ({
  id: 'cnv_old',
  visitorId: 'v1',
  visitorName: 'Sana',
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
  ...change,
})
const thread = (change?: Partial<AgentsConversation>): Thread => ({
  visitorId: 'v1',
  visitorName: 'Sana',
  bound: false,
  seq: 2,
  internalSeq: 0,
  lastTimestamp: 2,
  conversation: conversation(change),
})
const names = (events: readonly { name: string }[]) => events.map(({ name }) => name)

describe('a visitor writes', () => {
  it('for the first time: a conversation opens and the name is kept', () => {
    const decision = decideSendMessage(undefined, visitor, input, stamp)
    expect(names(decision.events)).toEqual(['conversation.opened', 'message.sent'])
    expect(decision.events.every(({ conversationId }) => conversationId === 'cnv_new')).toBe(true)
    expect(decision.visitorName).toBe('Sana')
  })

  it('what had not been seen when it was written stays unread; what had, needs no word', () => {
    const dataAfter = (readTo: number) =>
      decideSendMessage(thread(), visitor, { ...input, readTo }, stamp).events[0]?.data
    expect([1, 2, 3].map(dataAfter)).toEqual([{ text: 'Hello', readTo: 1 }, { text: 'Hello' }, { text: 'Hello' }])
  })

  it('again: only the message', () => {
    const decision = decideSendMessage(thread(), visitor, input, stamp)
    expect(names(decision.events)).toEqual(['message.sent'])
    expect(decision.events[0]?.conversationId).toBe('cnv_old')
    expect(decision).not.toHaveProperty('visitorName')
  })

  it('within seven days of the close: the same conversation is open again', () => {
    const decision = decideSendMessage(
      thread({ status: 'closed', closedAt: stamp.now - REOPEN_WITHIN_MS }),
      visitor,
      input,
      stamp,
    )
    expect(names(decision.events)).toEqual(['conversation.reopened', 'message.sent'])
    expect(decision.events[1]?.conversationId).toBe('cnv_old')
  })

  it('later than that: a new one opens', () => {
    const decision = decideSendMessage(
      thread({ status: 'closed', closedAt: stamp.now - REOPEN_WITHIN_MS - 1 }),
      visitor,
      input,
      stamp,
    )
    expect(names(decision.events)).toEqual(['conversation.opened', 'message.sent'])
    expect(decision.events[1]?.conversationId).toBe('cnv_new')
  })

  it('under a new name: the name given with the message wins over the connection', () => {
    expect(decideSendMessage(thread(), visitor, { ...input, visitorName: 'Sana K.' }, stamp).visitorName).toBe(
      'Sana K.',
    )
  })
})

describe('an agent writes', () => {
  it('for the first time: joins and takes what nobody has', () => {
    expect(names(decideSendMessage(thread(), aisha, input, stamp).events)).toEqual([
      'agent.joined',
      'conversation.assigned',
      'message.sent',
    ])
  })

  it('again: only the message', () => {
    const agents = [{ id: aisha.agentId, name: aisha.agentName }]
    expect(
      names(decideSendMessage(thread({ agents, assignee: agents[0] ?? null }), aisha, input, stamp).events),
    ).toEqual(['message.sent'])
  })

  it('where a colleague has it: joins, and leaves it to the colleague', () => {
    const decision = decideSendMessage(thread({ assignee: { id: 'agt_bilal', name: 'Bilal' } }), aisha, input, stamp)
    expect(names(decision.events)).toEqual(['agent.joined', 'message.sent'])
  })

  it('to somebody who never wrote: refused', () => {
    expect(() => decideSendMessage(undefined, aisha, input, stamp)).toThrow(
      expect.objectContaining({ code: 'conversation.not_found' }),
    )
  })
})
