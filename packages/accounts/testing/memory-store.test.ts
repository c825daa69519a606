import { createMemoryAccountStore } from './memory-store.ts'
import { POPULATION, registerAccountContract } from './store-contract.ts'

registerAccountContract('memory account store', async () => createMemoryAccountStore(POPULATION))
