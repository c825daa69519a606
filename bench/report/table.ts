/** The table for people. */
import { cpus } from 'node:os'
import { judge, median, ratiosOf, type Budget, type Figure, type Row } from '../src/figure.ts'
import type { Flags } from '../src/flags.ts'
import type { Disk } from '../src/probe.ts'
import { PINNED } from '../src/processes.ts'

/** What was measured on, and how often. */
export function printHead({ repeats, measureMs, quick, full }: Flags): string {
  const size = quick ? ' (quick: proves the harness, not the speed)' : full ? ' (full)' : ''
  const cores = PINNED
    ? 'servers on core 0, generator on core 1, stores where the system puts them'
    : 'nothing is pinned'
  return [
    `Benchmark${size}: ${repeats} × ${measureMs / 1000} s each, in turn with the baseline; medians, with least and most; ratios turn by turn.`,
    `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}; ${cores}; Node ${process.version}; limits off.`,
  ].join('\n')
}

/** One figure's rows, each in two lines. */
export function printFigure({ title, durability, rows }: Figure, disk: Disk): string {
  return [
    `   ${title}${durability === undefined ? '' : ` (${durability})`}`,
    `   Disk before: 8 kB + fdatasync p50 ${disk.p50.toFixed(2)} p90 ${disk.p90.toFixed(2)} p99 ${disk.p99.toFixed(2)} ms; load ${disk.load.toFixed(1)}`,
    ...rows.flatMap(printRow),
  ].join('\n')
}

function printRow(row: Row): string[] {
  const { what, unit, ours, baseline, budget, note } = row
  const ratios = ratiosOf(row)
  const against = baseline === undefined ? '' : `  vs ${value(baseline.values)} ${baseline.name}`
  const times = ratios.length === 0 ? '' : `  = ${value(ratios)}×`
  return [
    `   ${verdict(row)} ${what}: ${value(ours)} ${unit}${against}${times}${budget === undefined ? '' : `  (budget ${wordsOf(budget)})`}`,
    ...(note === undefined ? [] : [`       ${note}`]),
  ]
}

/** Everything once more, one line each, and how many budgets are met. */
export function printSum(figures: Figure[]): string {
  const rows = figures.flatMap(({ name, rows }) => rows.map((row) => ({ name, row, ...judge(row) })))
  const judged = rows.filter(({ met }) => met !== undefined)
  const missed = judged.filter(({ met }) => met === false)
  const head = ['', 'figure', 'ours', 'baseline', 'ratio', 'spread of the ratio', 'budget']
  const lines = rows.map(({ name, row, ratio }) => [
    verdict(row),
    `${name}: ${row.what}`,
    `${short(median(row.ours))} ${row.unit}`,
    row.baseline === undefined ? '' : `${short(median(row.baseline.values))} ${row.baseline.name}`,
    ratio === undefined ? '' : `${ratio.toFixed(2)}×`,
    spread(ratiosOf(row)),
    row.budget === undefined ? '' : wordsOf(row.budget),
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => (line[column] ?? '').length)))
  const table = [head, ...lines].map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [
    '',
    ...table,
    '',
    `${judged.length - missed.length} of ${judged.length} budgets met, ${missed.length} missed.`,
  ].join('\n')
}

function verdict(row: Row): string {
  const { met } = judge(row)
  return met === undefined ? '·' : met ? '✓' : '✗'
}

function wordsOf(budget: Budget): string {
  if ('ratioAtLeast' in budget) return `≥ ${budget.ratioAtLeast}×`
  return 'ratioAtMost' in budget ? `≤ ${budget.ratioAtMost}×` : `≤ ${budget.atMost}`
}

function value(values: number[]): string {
  const middle = short(median(values))
  return values.length < 2 ? middle : `${middle} (${spread(values)})`
}

function spread(values: number[]): string {
  return values.length < 2 ? '' : `${short(Math.min(...values))}…${short(Math.max(...values))}`
}

/** Three digits that count. */
export function short(number: number): string {
  if (!Number.isFinite(number)) return '?'
  const size = Math.abs(number)
  return size >= 100 ? Math.round(number).toLocaleString('en') : size >= 10 ? number.toFixed(1) : number.toFixed(2)
}
