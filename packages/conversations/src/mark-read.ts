import { DostiError, type Handler } from '@dosti/contracts'
import { threadOf } from './policy.ts'
import type { ConversationStore, Publisher } from './ports.ts'

/** conversation.read: the highest mark wins; told live to both sides, never an event of the log. */
export const markRead =
  ({ store, publisher }: { store: ConversationStore; publisher: Publisher }): Handler<'conversation.read'> =>
  async (actor, input) => {
    const visitorId = threadOf(actor, input.visitorId)
    const by = actor.kind === 'visitor' ? 'visitor' : 'agents'
    const mark = await store.markRead({ workspaceId: actor.workspaceId, visitorId, by, seq: input.seq })
    if (!mark) throw new DostiError('conversation.not_found')
    if (mark.raised) {
      publisher.publish([
        {
          workspaceId: actor.workspaceId,
          visitorId,
          audience: 'both',
          event: { name: 'conversation.read', data: { visitorId, by, seq: mark.seq } },
        },
      ])
    }
    return { seq: mark.seq }
  }
