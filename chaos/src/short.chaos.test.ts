/** A short run of the fault suite, and the proof that the checker would notice. Sizes and seed are fixed. */
import { describe, expect, it } from 'vitest'
import { check, isClean, RULES, type Verdict } from './checker.ts'
import { FAULTS } from './faults.ts'
import { report } from './report.ts'
import { run } from './run.ts'
import { SABOTAGES } from './sabotage.ts'

const KINDS = ['T1', 'T2', 'T6', 'T7', 'T9', 'T10', 'T13', 'T14', 'T15', 'T18', 'T19', 'T22', 'T29']
const SEED = 20_261
const only = (...ids: string[]) => FAULTS.filter(({ id }) => ids.includes(id))
const silent = { say: () => {} }

describe('chaos', () => {
  it(
    'D1 D2 D3 D4 D7 D8: under faults nothing acknowledged is lost, doubled, out of order or told to others',
    { timeout: 170_000 },
    async () => {
      const outcome = await run({
        seed: SEED,
        size: 'short',
        faults: only(...KINDS),
        until: { faults: KINDS.length },
        visitors: 12,
        rate: 30,
        ...silent,
      })
      const lines = report(outcome, FAULTS)
      expect(isClean(outcome.verdict), lines.join('\n')).toBe(true)
      expect([...outcome.injected.keys()].toSorted()).toEqual(KINDS.toSorted())
      expect(outcome.acked).toBeGreaterThan(500)
      expect(outcome.verdict.alerts.n).toBeGreaterThan(10)
    },
  )

  it.each(SABOTAGES)(
    'the checker finds a product with $what',
    { timeout: 120_000 },
    async ({ found, faults, patienceMs, settings, apply }) => {
      const outcome = await run({
        seed: SEED,
        size: 'short',
        faults: only(...faults),
        until: { faults: faults.length },
        visitors: 8,
        rate: 40,
        patienceMs,
        postgresSettings: settings,
        sabotage: apply,
        ...silent,
      })
      for (const { rule, words } of found) expect(wrongOf(outcome.verdict, rule), rule).toMatch(words)
      // The same recording gives the same verdict: replaying a run needs nothing but its record.
      expect(check(outcome.recording)).toEqual(outcome.verdict)
    },
  )
})

it('each rule of the checker has a product that breaks it', () => {
  // No SQL silences a push; its rule is tested with spoilt recordings alone.
  const broken = [...SABOTAGES.flatMap(({ found }) => found.map(({ rule }) => rule)), 'untold']
  expect(new Set(broken)).toEqual(new Set(Object.keys(RULES)))
})

const wrongOf = (verdict: Verdict, rule: keyof Verdict): string => verdict[rule].wrong.join('\n')
