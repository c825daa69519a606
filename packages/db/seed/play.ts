import { evolveRead } from '@dosti/contracts'
import type { ConversationId, Party, StoredEvent } from '@dosti/contracts'
import type { Draft, Thread } from '@dosti/conversations'
import { append, newThread } from '../src/append.ts'
import { agentRef } from './people.ts'
import type { AgentKey, DemoConversation, Line } from './script.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Minutes from one line to the next, over and over: people are not clockwork. */
const PAUSES = [1, 3, 2, 6, 1, 4, 11, 2]

/** A demo conversation as it would stand if it had happened: the same numbering and the same heads as for real messages. */
export function play(demo: DemoConversation, now: number): { thread: Thread; events: StoredEvent[] } {
  const slug = demo.slug ?? demo.visitorId.replace(/^vis_/u, '').replaceAll(/\W/gu, '_')
  const conversationId: ConversationId = `cnv_demo_${slug}`
  let count = 0
  const ids = { next: <P extends string>(prefix: P): `${P}_${string}` => `${prefix}_demo_${slug}_${(count += 1)}` }
  const times = timesOf(demo, now)
  let thread: Thread = { ...newThread(demo.visitorId), visitorName: demo.name }
  const events: StoredEvent[] = []
  demo.lines.forEach((line, index) => {
    const drafts = draftsOf(line, thread, conversationId)
    const appended = append(thread, { events: drafts }, times[index] ?? now, ids)
    // Whoever answers, notes, assigns or closes has read what came before.
    thread = line.kind === 'writes' ? appended.thread : readByAgents(appended.thread)
    events.push(...appended.events)
  })
  return { thread: demo.seen === true ? readByAgents(thread) : thread, events }
}

function readByAgents(thread: Thread): Thread {
  const { conversation, seq } = thread
  return { ...thread, conversation: conversation && evolveRead(conversation, { by: 'agents', seq }) }
}

function timesOf({ hoursAgo, lines }: DemoConversation, now: number): number[] {
  const times: number[] = []
  let time = now - hoursAgo * HOUR
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    times[index] = Math.round(time)
    time -= (PAUSES[index % PAUSES.length] ?? 1) * MINUTE + 17_000
  }
  return times
}

function draftsOf(line: Line, thread: Thread, conversationId: ConversationId): Draft[] {
  const actor = actorOf(line, thread)
  const message = (text: string): Draft => ({ name: 'message.sent', data: { text }, actor, conversationId })
  switch (line.kind) {
    case 'writes':
      return [...beginning(thread, actor, conversationId), message(line.text)]
    case 'answers':
      return [...taking(line.by, thread, actor, conversationId), message(line.text)]
    case 'notes':
      return [{ name: 'note.added', data: { text: line.text }, actor, conversationId }]
    case 'gives':
      return [{ name: 'conversation.assigned', data: { assignee: agentRef(line.to) }, actor, conversationId }]
    case 'closes':
      return [{ name: 'conversation.closed', data: {}, actor, conversationId }]
  }
}

function actorOf(line: Line, thread: Thread): Party {
  return line.kind === 'writes'
    ? { kind: 'visitor', id: thread.visitorId, name: thread.visitorName }
    : { kind: 'agent', ...agentRef(line.by) }
}

function beginning({ conversation }: Thread, actor: Party, conversationId: ConversationId): Draft[] {
  if (conversation === null) return [{ name: 'conversation.opened', data: {}, actor, conversationId }]
  return conversation.status === 'open' ? [] : [{ name: 'conversation.reopened', data: {}, actor, conversationId }]
}

function taking(by: AgentKey, { conversation }: Thread, actor: Party, conversationId: ConversationId): Draft[] {
  const agent = agentRef(by)
  const joined = conversation?.agents.some(({ id }) => id === agent.id) ?? false
  const drafts: Draft[] = joined ? [] : [{ name: 'agent.joined', data: { agent }, actor, conversationId }]
  const isFree = (conversation?.assignee ?? null) === null
  return isFree
    ? [...drafts, { name: 'conversation.assigned', data: { assignee: agent }, actor, conversationId }]
    : drafts
}
