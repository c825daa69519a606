/**
 * Snapshot + events = screen. The stores keep their heads by these functions and the client's reducer keeps its own by the
 * very same, so the two cannot differ. Pure, and free of zod for the browser.
 */
import type { AgentsConversation, Conversation } from './conversation.ts'
import type { StoredEvent } from './events.ts'

/** How much of a message a list row holds, in code points. */
const PREVIEW_LENGTH = 200

/** What a visitor may know of the head of its own conversation (P2); what is not named here stays with the agents. */
export function visitorView(head: Conversation): Conversation {
  const { id, visitorId, visitorName, status, agents, lastMessage, openedAt, closedAt, updatedAt } = head
  const { seq, readByAgents, readByVisitor } = head
  return {
    id,
    visitorId,
    visitorName,
    status,
    agents,
    lastMessage,
    openedAt,
    closedAt,
    updatedAt,
    seq,
    readByAgents,
    readByVisitor,
  }
}

/** The head after a stored event, in the agents' view. Events must come in the order of their numbers. */
export function evolve(head: Conversation | null, event: StoredEvent): AgentsConversation {
  const next = numbered(head, event)
  switch (event.name) {
    case 'conversation.opened':
      return {
        ...next,
        id: event.conversationId,
        status: 'open',
        agents: [],
        lastMessage: null,
        assignee: null,
        openedAt: event.timestamp,
        closedAt: null,
        updatedAt: event.timestamp,
      }
    case 'message.sent':
      return afterMessage(next, event)
    case 'agent.joined': {
      const { agent } = event.data
      return next.agents.some(({ id }) => id === agent.id) ? next : { ...next, agents: [...next.agents, agent] }
    }
    case 'conversation.closed':
      return { ...next, status: 'closed', closedAt: event.timestamp, updatedAt: event.timestamp }
    case 'conversation.reopened':
      return { ...next, status: 'open', closedAt: null, updatedAt: event.timestamp }
    case 'conversation.assigned':
      return { ...next, assignee: event.data.assignee }
    case 'note.added':
      return next
  }
}

/** The head after one side has read up to a public number; a lower mark than the one held changes nothing. */
export function evolveRead<C extends Conversation>(head: C, mark: { by: 'visitor' | 'agents'; seq: number }): C {
  const seq = Math.min(mark.seq, head.seq)
  if (mark.by === 'visitor') return { ...head, readByVisitor: Math.max(head.readByVisitor, seq) }
  const readByAgents = Math.max(head.readByAgents, seq)
  if (head.unread === undefined) return { ...head, readByAgents }
  // No more can be unread than came after the mark.
  return { ...head, readByAgents, unread: Math.min(head.unread, head.seq - readByAgents) }
}

function numbered(head: Conversation | null, event: StoredEvent): AgentsConversation {
  const base: AgentsConversation = {
    id: event.conversationId,
    visitorId: event.visitorId,
    visitorName: null,
    status: 'open',
    agents: [],
    lastMessage: null,
    openedAt: event.timestamp,
    closedAt: null,
    updatedAt: event.timestamp,
    seq: 0,
    readByAgents: 0,
    readByVisitor: 0,
    assignee: null,
    unread: 0,
    internalSeq: 0,
    bound: false,
    ...head,
  }
  return event.stream === 'public' ? { ...base, seq: event.seq } : { ...base, internalSeq: event.seq }
}

function previewOf(text: string): string {
  if (text.length <= PREVIEW_LENGTH) return text
  const points = Array.from(text)
  return points.length <= PREVIEW_LENGTH ? text : `${points.slice(0, PREVIEW_LENGTH).join('')}…`
}

function afterMessage(head: AgentsConversation, event: StoredEvent & { name: 'message.sent' }): AgentsConversation {
  const from = event.actor.kind === 'visitor' ? 'visitor' : 'agent'
  const text = previewOf(event.data.text)
  const next = { ...head, lastMessage: { text, from, timestamp: event.timestamp } as const, updatedAt: event.timestamp }
  // Who writes has read what came before, but for what came while the message waited for a line.
  const seq = event.data.readTo ?? event.seq
  if (event.actor.kind !== 'visitor') return evolveRead(next, { by: 'agents', seq })
  const visitorName = event.actor.name ?? head.visitorName
  return evolveRead({ ...next, visitorName, unread: head.unread + 1 }, { by: 'visitor', seq })
}
