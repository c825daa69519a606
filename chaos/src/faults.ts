/** All kinds of faults, by the numbers that the reliability notes gave them. */
import type { Fault } from './fault.ts'
import { loadFaults } from './faults-load.ts'
import { modelFault } from './model.ts'
import { networkFaults } from './faults-network.ts'
import { postgresFaults } from './faults-postgres.ts'
import { processFaults } from './faults-processes.ts'
import { redisFaults } from './faults-redis.ts'

export const FAULTS: readonly Fault[] = [
  ...processFaults,
  ...postgresFaults,
  ...redisFaults,
  ...networkFaults,
  ...loadFaults,
  modelFault,
]
