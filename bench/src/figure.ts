import type { Running } from '@dosti/tooling'
import type { Flags } from './flags.ts'
import type { Generator } from './generator.ts'
import type { Stores } from './stores.ts'
import type { World } from './world.ts'

/** What every figure gets. */
export interface Setting {
  flags: Flags
  running: Running
  generator: Generator
  stores: Stores
  /** The product on disk. */
  world: World
  baselineUrl: string
  /** Lines for whoever waits. */
  say: (line: string) => void
}

/** One comparison: our values beside the baseline's, each measured in turn with the other. */
export interface Row {
  what: string
  unit: string
  ours: number[]
  /** What it is compared with, in words, and its values; none for what is told for itself. */
  baseline: { name: string; values: number[] } | undefined
  /** The ratio, ours to the baseline's, that the design asks for; or a bound of our own value. */
  budget: Budget | undefined
  /** What a reader needs beside the number. */
  note?: string
}

export type Budget = { ratioAtLeast: number } | { ratioAtMost: number } | { atMost: number }

/** One figure: its rows and everything that was read on the way. */
export interface Figure {
  name: string
  title: string
  /** How durable the stores were, where it matters. */
  durability: string | undefined
  rows: Row[]
  /** Raw results, for the file. */
  raw: unknown
}

/** Measures one figure. */
export type Measure = (setting: Setting) => Promise<Figure>

/** ABAB…: every contestant once, in turn, and again; so that whatever disturbs the machine disturbs all of them. */
export async function takeTurns<N extends string, T>(
  rounds: number,
  contestants: Record<N, () => Promise<T>>,
): Promise<Record<N, T[]>> {
  const names = Object.keys(contestants) as N[]
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<N, T[]>
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) results[name].push(await contestants[name]())
  }
  return results
}

/**
 * The same after a turn that is not counted. For servers that run on from turn to turn: until they have answered for some seconds, a
 * quarter of their time goes to the compiler, and what is measured is their start.
 */
export async function takeWarmTurns<N extends string, T>(
  rounds: number,
  contestants: Record<N, () => Promise<T>>,
): Promise<Record<N, T[]>> {
  await takeTurns(1, contestants)
  return await takeTurns(rounds, contestants)
}

/** The middle value; the mean of the two middle ones if they are even in number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/**
 * Ours to the baseline's, turn by turn: both of a turn met the same machine, while one that is fast for a minute and slow for the
 * next would give medians from different minutes. One ratio, of the medians, where the baseline was not measured in turn.
 */
export function ratiosOf({ ours, baseline }: Pick<Row, 'ours' | 'baseline'>): number[] {
  if (baseline === undefined) return []
  const { values } = baseline
  if (values.length !== ours.length) return [median(ours) / median(values)]
  return ours.map((value, turn) => value / (values[turn] ?? Number.NaN))
}

/** The median ratio, and whether the budget is met; undefined where there is nothing to compare or to meet. */
export function judge(row: Row): { ratio: number | undefined; met: boolean | undefined } {
  const { ours, baseline, budget } = row
  const ratio = baseline === undefined ? undefined : median(ratiosOf(row))
  if (budget === undefined) return { ratio, met: undefined }
  if ('atMost' in budget) return { ratio, met: median(ours) <= budget.atMost }
  if (ratio === undefined) return { ratio, met: undefined }
  return { ratio, met: 'ratioAtLeast' in budget ? ratio >= budget.ratioAtLeast : ratio <= budget.ratioAtMost }
}
