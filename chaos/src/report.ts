/** The table at the end of a run; every zero stands beside the number of things that were looked at. */
import { isClean, RULES, type Rule } from './checker.ts'
import type { Fault } from './fault.ts'
import type { Outcome } from './run.ts'

const WRONG_SHOWN = 8

/** The outcome in lines. Pure. */
export function report(outcome: Outcome, faults: readonly Fault[]): string[] {
  const { verdict, recording, injected, notRun } = outcome
  const { waiting, alerts, parties, sends, log } = recording
  const sum = [...injected.values()].reduce((a, b) => a + b, 0)
  const row = (what: string, value: string | number, of = ''): string =>
    `${what.padEnd(34)} ${String(value).padStart(9)}  ${of}`
  const wrong = (rule: Rule, of: string): string =>
    row(RULES[rule], verdict[rule].wrong.length, `of ${verdict[rule].n} ${of}`)
  const asked = new Set(waiting.map(({ visitorId }) => visitorId))
  const due = alerts.filter(({ visitorId }) => asked.has(visitorId))
  const doubled = due.filter(({ heardBy }) => [...heardBy.values()].some((times) => times > 1)).length
  return [
    '',
    '── Faults ' + '─'.repeat(62),
    ...faults
      .filter(({ id }) => injected.has(id) || notRun.has(id))
      .map(({ id, title }) =>
        row(`${id} ${title}`.slice(0, 60).padEnd(60), injected.get(id) ?? 'NOT RUN', notRun.get(id)),
      ),
    '── Sum ' + '─'.repeat(65),
    row('faults injected', sum, `${injected.size} kinds${notRun.size > 0 ? `, ${notRun.size} kinds NOT RUN` : ''}`),
    row(
      'messages acknowledged',
      verdict.lost.n,
      `of ${sends.length} sent; ${log.length} events in the log, ${parties.length} clients`,
    ),
    wrong('lost', 'acknowledged messages'),
    wrong('untold', 'messages of others to clients who were there'),
    wrong('doubled', 'messages sent'),
    wrong('outOfOrder', 'events and copies of events'),
    wrong('gaps', 'events and copies of events'),
    wrong('foreign', 'bytes received'),
    wrong('slow', `recoveries; slowest ${outcome.slowestRecoveryMs} ms`),
    wrong('misbehaved', 'requests'),
    wrong('alerts', `alerts due; ${due.filter(({ status }) => status === 'sent').length} sent, ${doubled} doubled`),
    wrong('expected', 'looks'),
    row('seed', outcome.seed, `${Math.round(outcome.tookMs / 1000)} s`),
    ...(Object.keys(RULES) as Rule[]).flatMap((rule) => explain(RULES[rule], verdict[rule].wrong)),
    ...(isClean(verdict) ? [] : explain('logged as errors', outcome.logged)),
    isClean(verdict) ? 'clean' : `NOT CLEAN; repeat it with --seed ${outcome.seed}`,
  ]
}

function explain(title: string, wrong: readonly string[]): string[] {
  if (wrong.length === 0) return []
  const more = wrong.length - WRONG_SHOWN
  return [
    `✗ ${title}:`,
    ...wrong.slice(0, WRONG_SHOWN).map((line) => `    ${line}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ]
}
