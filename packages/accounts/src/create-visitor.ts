import type { Handler } from '@dosti/contracts'
import type { AccountPorts } from './ports.ts'

/** visitor.create: an id that nobody can guess, and the token that proves it, shown this once. */
export const createVisitor =
  ({ store, secrets, ids }: Pick<AccountPorts, 'store' | 'secrets' | 'ids'>): Handler<'visitor.create'> =>
  async (actor, { visitorName }) => {
    const visitorId = ids.next('vis')
    const visitorToken = secrets.token()
    await store.createVisitor({
      workspaceId: actor.workspaceId,
      visitorId,
      name: visitorName ?? null,
      tokenDigest: secrets.digest(visitorToken),
    })
    return { visitorId, visitorToken }
  }
