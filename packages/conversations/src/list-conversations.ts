import { DostiError, type AgentsConversation, type ConversationId, type Handler } from '@dosti/contracts'
import type { ConversationStore, ListQuery } from './ports.ts'

/** The cursor after a row: its place in the order (updatedAt, id), so rows that move meanwhile neither repeat nor hide others. */
export function cursorAfter({ updatedAt, id }: Pick<AgentsConversation, 'updatedAt' | 'id'>): string {
  return `${updatedAt}_${id}`
}

/** The place a cursor names; a made-up one is refused. */
export function readCursor(cursor: string): { updatedAt: number; id: ConversationId } {
  const match = /^(\d{1,15})_(cnv_\w+)$/.exec(cursor)
  if (!match)
    throw new DostiError('request.invalid', {
      message: 'cursor is not one of ours.',
      details: [{ path: 'cursor', problem: 'is not one of ours' }],
    })
  return { updatedAt: Number(match[1]), id: match[2] as ConversationId }
}

/** conversation.list */
export const listConversations =
  ({ store }: { store: ConversationStore }): Handler<'conversation.list'> =>
  async (actor, { status, assignee, cursor, limit }) => {
    const query: ListQuery = {
      workspaceId: actor.workspaceId,
      status,
      // One more than asked for tells whether there is a next page.
      limit: limit + 1,
      ...(assignee === 'anyone' ? {} : { assignee: assignee === 'me' ? actor.agentId : null }),
      ...(cursor === undefined ? {} : { before: readCursor(cursor) }),
    }
    const rows = await store.list(query)
    const conversations = rows.slice(0, limit)
    const last = conversations.at(-1)
    return { conversations, next: rows.length > limit && last ? cursorAfter(last) : null }
  }
