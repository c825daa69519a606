import type { Measure } from '../src/figure.ts'
import { alerts } from './alerts.ts'
import { connections } from './connections.ts'
import { delivery } from './delivery.ts'
import { growth } from './growth.ts'
import { nodes } from './nodes.ts'
import { rest } from './rest.ts'
import { comeBack } from './return.ts'
import { sends } from './sends.ts'

/** Every figure by its name, in the order of a run. */
export const FIGURES: Record<string, Measure> = {
  sends,
  rest,
  delivery,
  nodes,
  connections,
  return: comeBack,
  alerts,
  growth,
}
