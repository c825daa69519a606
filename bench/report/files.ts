import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { judge, median, ratiosOf, type Figure } from '../src/figure.ts'
import type { Disk } from '../src/probe.ts'
import { PINNED } from '../src/processes.ts'
import { plot } from './plot.ts'

/** Writes a figure's `<name>.json` with every raw value, and its `<name>.svg`. */
export async function writeFigure(folder: string, figure: Figure, disk: Disk): Promise<void> {
  const rows = figure.rows.map((row) => ({
    ...row,
    medianOfOurs: median(row.ours),
    ratios: ratiosOf(row),
    ...judge(row),
  }))
  const machine = { node: process.version, cpus: cpus().map(({ model }) => model), pinned: PINNED, disk }
  const content = { ...figure, rows, machine, writtenAt: new Date().toISOString() }
  await writeFile(join(folder, `${figure.name}.json`), `${JSON.stringify(content, undefined, 2)}\n`)
  await writeFile(join(folder, `${figure.name}.svg`), plot(figure))
}
