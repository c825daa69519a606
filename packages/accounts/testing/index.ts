export { createMemoryAccountStore } from './memory-store.ts'
export type { Population } from './memory-store.ts'
export { POPULATION, registerAccountContract } from './store-contract.ts'
