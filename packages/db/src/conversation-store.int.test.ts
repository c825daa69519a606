import { registerStoreContract, countingIds } from '@dosti/conversations/testing'
import { openTestDb, WORKSPACES } from '../testing/open-db.ts'
import { createConversationStore } from './conversation-store.ts'

registerStoreContract('Postgres store', async () => {
  const { db } = await openTestDb()
  return { store: createConversationStore(db, { ids: countingIds() }), workspaces: WORKSPACES }
})
