/** All kinds of faults, by the numbers that the reliability notes gave them. */
import type { Fault } from './fault.ts'
import { postgresFaults } from './faults-postgres.ts'
import { processFaults } from './faults-processes.ts'
import { redisFaults } from './faults-redis.ts'

export const FAULTS: readonly Fault[] = [...processFaults, ...postgresFaults, ...redisFaults]
