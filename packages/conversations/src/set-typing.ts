import type { Handler } from '@dosti/contracts'
import { partyOf, threadOf } from './policy.ts'
import type { Publisher } from './ports.ts'

/** typing.set: F1, told to the other side and stored nowhere. A visitor's typing shows to agents, an agent's to the visitor and to colleagues. */
export const setTyping =
  ({ publisher }: { publisher: Publisher }): Handler<'typing.set'> =>
  async (actor, input, request) => {
    const visitorId = threadOf(actor, input.visitorId)
    const by = partyOf(actor, actor.kind === 'visitor' ? (actor.visitorName ?? null) : null)
    publisher.publish([
      {
        workspaceId: actor.workspaceId,
        visitorId,
        audience: actor.kind === 'visitor' ? 'agents' : 'both',
        event: { name: input.typing ? 'typing.started' : 'typing.stopped', data: { visitorId, by } },
        ...(request.connectionId === undefined ? {} : { origin: request.connectionId }),
      },
    ])
    return {}
  }
