/** Small decisions to hold stores to: what matters in them is only what they ask the store for. */
import type { AgentRef, Party, WorkspaceId } from '@dosti/contracts'
import type { Change, Decision, Draft, Stamp, Thread } from '../src/ports.ts'

/** An agent of the contract suites. */
export const ANN: AgentRef = { id: 'agt_ann', name: 'Ann' }

interface Of {
  workspaceId: WorkspaceId
  visitorId: string
}

function visitorParty(visitorId: string, name: string | null = null): Party {
  return { kind: 'visitor', id: visitorId, name }
}

function opening(
  thread: Thread | undefined,
  stamp: Stamp,
  actor: Party,
): { conversationId: Draft['conversationId']; drafts: Draft[] } {
  const head = thread?.conversation
  if (head && head.status === 'open') return { conversationId: head.id, drafts: [] }
  const { conversationId } = stamp
  return { conversationId, drafts: [{ name: 'conversation.opened', data: {}, actor, conversationId }] }
}

/** A visitor's message; opens a conversation if none is open. */
export function visitorSends(of: Of, text: string, options: { clientMessageId?: string; name?: string } = {}): Change {
  const { clientMessageId, name } = options
  return {
    ...of,
    createVisitor: true,
    ...(clientMessageId === undefined
      ? {}
      : { once: { sender: 'visitor', clientMessageId, name: 'message.sent', text } }),
    decide: (thread, stamp): Decision => {
      const actor = visitorParty(of.visitorId, name ?? thread?.visitorName ?? null)
      const { conversationId, drafts } = opening(thread, stamp, actor)
      const data = { text, ...(clientMessageId === undefined ? {} : { clientMessageId }) }
      const events: Draft[] = [...drafts, { name: 'message.sent', data, actor, conversationId }]
      return { events, ...(name === undefined ? {} : { visitorName: name }) }
    },
  }
}

/** An agent's change of the current conversation. */
export function agentChanges(
  of: Of,
  draft: (agent: Party) => Pick<Draft, 'name' | 'data'>,
  once?: Change['once'],
): Change {
  const actor: Party = { kind: 'agent', ...ANN }
  return {
    ...of,
    createVisitor: false,
    ...(once === undefined ? {} : { once }),
    decide: (thread): Decision => {
      const conversationId = thread?.conversation?.id
      if (conversationId === undefined) throw new Error('there is no conversation')
      return { events: [{ ...draft(actor), actor, conversationId } as Draft] }
    },
  }
}

export const agentSends = (of: Of, text: string, clientMessageId?: string): Change =>
  agentChanges(
    of,
    () => ({ name: 'message.sent', data: { text } }),
    clientMessageId === undefined ? undefined : { sender: ANN.id, clientMessageId, name: 'message.sent', text },
  )

export const agentNotes = (of: Of, text: string, clientMessageId?: string): Change =>
  agentChanges(
    of,
    () => ({ name: 'note.added', data: { text } }),
    clientMessageId === undefined ? undefined : { sender: ANN.id, clientMessageId, name: 'note.added', text },
  )

export const agentCloses = (of: Of): Change => agentChanges(of, () => ({ name: 'conversation.closed', data: {} }))

export const agentReopens = (of: Of): Change => agentChanges(of, () => ({ name: 'conversation.reopened', data: {} }))

export const agentAssigns = (of: Of, assignee: AgentRef | null): Change =>
  agentChanges(of, () => ({ name: 'conversation.assigned', data: { assignee } }))
