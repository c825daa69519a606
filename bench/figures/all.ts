import type { Measure } from '../src/figure.ts'
import { rest } from './rest.ts'
import { sends } from './sends.ts'

/** Every figure by its name, in the order of a run. */
export const FIGURES: Record<string, Measure> = { sends, rest }
