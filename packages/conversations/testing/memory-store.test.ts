import { countingIds } from './counting-ids.ts'
import { createMemoryStore } from './memory-store.ts'
import { registerStoreContract } from './store-contract.ts'

registerStoreContract('memory store', async () => ({
  store: createMemoryStore({ ids: countingIds() }),
  workspaces: ['wsp_a', 'wsp_b'],
}))
