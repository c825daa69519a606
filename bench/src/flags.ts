import { parseArgs } from 'node:util'

/** How large and how often a run measures. */
export interface Flags {
  /** Proves that the harness works; its numbers mean nothing. */
  quick: boolean
  /** Adds ten million stored events. */
  full: boolean
  /** Names of figures; all of them if empty. */
  only: string[]
  /** How often each contestant is measured, in turn with the others. */
  repeats: number
  /** Writes a CPU profile of each of our services and prints where the time goes. */
  profile: boolean
  /** How long one measurement takes, in milliseconds, and how long the warm-up before it. */
  measureMs: number
  warmUpMs: number
  /** Where results are written, relative to this package. */
  out: string
}

/** Reads the command line; throws with a clear sentence. */
export function readFlags(args: string[]): Flags {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      repeats: { type: 'string' },
      seconds: { type: 'string' },
      out: { type: 'string', default: 'results' },
    },
  })
  const { quick, full, profile, out } = values
  const repeats = Number(values.repeats ?? (quick ? 1 : 5))
  if (!Number.isInteger(repeats) || repeats < 1) throw new Error('--repeats takes a whole number from 1 on.')
  const seconds = Number(values.seconds ?? (quick ? 0.2 : 2))
  if (!(seconds > 0)) throw new Error('--seconds takes the length of one measurement.')
  return {
    quick,
    full,
    profile,
    out,
    repeats,
    only: values.only.split(',').filter((name) => name !== ''),
    measureMs: seconds * 1000,
    warmUpMs: quick ? 100 : 1000,
  }
}
