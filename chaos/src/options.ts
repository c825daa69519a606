/** The words after `npm run chaos --`. */
import { parseArgs } from 'node:util'

export interface ChaosOptions {
  until: { faults: number } | { minutes: number }
  seed: number
  /** Kinds by number; undefined means all. */
  only: string[] | undefined
  size: 'short' | 'full'
  visitors: number
  rate: number
}

/** How to use it, one line each. */
export const USAGE = `npm run chaos -- [--faults N | --minutes M] [--seed S] [--only T1,T7] [--short] [--visitors N] [--rate N]
  --faults     end after so many faults (default 60)
  --minutes    or after so long
  --seed       repeat a run: the same faults, sizes and moments
  --only       these kinds alone
  --short      freezes and outages of seconds instead of up to a minute
  --visitors   how many write (default 24)
  --rate       messages a second, all visitors together (default 60)`

/** Reads them; throws a sentence that says what is wrong. Pure but for the seed that it draws if none is given. */
export function readOptions(args: readonly string[], drawSeed: () => number): ChaosOptions {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      faults: text,
      minutes: text,
      seed: text,
      only: text,
      visitors: text,
      rate: text,
      short: { type: 'boolean' },
    },
  })
  const number = (name: 'faults' | 'minutes' | 'seed' | 'visitors' | 'rate', otherwise: number): number => {
    const value = values[name] === undefined ? otherwise : Number(values[name])
    if (!(value >= 0 && Number.isFinite(value))) throw new Error(`--${name} takes a number, not ${values[name]}.`)
    return value
  }
  if (values.faults !== undefined && values.minutes !== undefined)
    throw new Error('Give --faults or --minutes, not both.')
  return {
    until: values.minutes === undefined ? { faults: number('faults', 60) } : { minutes: number('minutes', 0) },
    seed: number('seed', drawSeed()),
    only: values.only?.split(',').map((id) => id.trim().toUpperCase()),
    size: values.short ? 'short' : 'full',
    visitors: number('visitors', 24),
    rate: number('rate', 60),
  }
}
