import { DostiError, type Handler } from '@dosti/contracts'
import type { AccountPorts } from './ports.ts'

/** agent.list */
export const listAgents =
  ({ store }: Pick<AccountPorts, 'store'>): Handler<'agent.list'> =>
  async (actor) => ({ agents: await store.agents(actor.workspaceId) })

/** availability.set: who is on duty is alerted; colleagues see it at once. */
export const setAvailability =
  ({ store, publisher }: Pick<AccountPorts, 'store' | 'publisher'>): Handler<'availability.set'> =>
  async (actor, { available }) => {
    const agent = await store.setAvailability(actor.workspaceId, actor.agentId, available)
    if (!agent) throw new DostiError('auth.expired')
    const { id, name } = agent
    publisher.publishToAgents(actor.workspaceId, {
      name: 'agent.updated',
      data: { agent: { id, name }, available: agent.available },
    })
    return { agent }
  }
