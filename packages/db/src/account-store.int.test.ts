import { POPULATION, registerAccountContract } from '@dosti/accounts/testing'
import { createDatabase } from '@dosti/testkit'
import { countingIds, visitorSends } from '@dosti/conversations/testing'
import { describe, expect, it } from 'vitest'
import { openDb, openTestDb } from '../testing/open-db.ts'
import { createAccountStore } from './account-store.ts'
import { createConversationStore } from './conversation-store.ts'
import { scoped } from './scope.ts'

registerAccountContract('Postgres account store', async () => {
  const db = await openDb((await createDatabase()).url)
  for (const { id: workspaceId, name, agents } of POPULATION.workspaces) {
    await scoped(db, [workspaceId], async (tx) => {
      await tx.workspace.create({ data: { id: workspaceId, name, createdAt: 0 } })
      await tx.agent.createMany({ data: agents.map((agent) => ({ ...agent, workspaceId })) })
      await tx.publicKey.createMany({ data: POPULATION.keys.filter((key) => key.workspaceId === workspaceId) })
    })
  }
  return createAccountStore(db)
})

describe('visitors in both stores', () => {
  it('who has written is known and not bound; who was made with a token writes as bound, under the name given', async () => {
    const { db } = await openTestDb()
    const accounts = createAccountStore(db)
    const store = createConversationStore(db, { ids: countingIds() })
    await store.change([visitorSends({ workspaceId: 'wsp_a', visitorId: 'open' }, 'hi')])
    expect(await accounts.findVisitor('wsp_a', 'open')).toEqual({ bound: false, tokenMatches: false })
    await accounts.createVisitor({ workspaceId: 'wsp_a', visitorId: 'vis_made', name: 'Lena', tokenDigest: 'd' })
    const read = await store.thread({ workspaceId: 'wsp_a', visitorId: 'vis_made', internal: false, limit: 1 })
    expect(read).toEqual({
      thread: expect.objectContaining({ bound: true, visitorName: 'Lena', conversation: null }),
      events: [],
      hasMore: false,
    })
    const [outcome] = await store.change([visitorSends({ workspaceId: 'wsp_a', visitorId: 'vis_made' }, 'hi')])
    expect(outcome).toMatchObject({ ok: true, changed: { conversation: { bound: true, visitorName: 'Lena' } } })
  })
})
