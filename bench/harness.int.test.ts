/** The benchmark's harness at its smallest size: it proves that every figure can be measured, and asserts no time. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Row } from './src/figure.ts'

const ENTRY = fileURLToPath(new URL('src/main.ts', import.meta.url))
/** The others start too many processes for a short test; what they are made of runs in these. */
const NAMES = ['sends', 'rest', 'delivery', 'alerts'] as const

let folder = ''
let output = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dosti-bench-'))
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [ENTRY, '--quick', '--only', NAMES.join(','), '--out', folder],
    { encoding: 'utf8', timeout: 110_000 },
  )
  output = stdout + stderr
  if (status !== 0) throw new Error(`The benchmark ended with ${status}:\n${output}`)
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(NAMES)('%s', (name) => {
  const read = () => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as { rows: Row[] }

  it('gives a value for us and one for each baseline, once for each repeat', () => {
    const { rows } = read()
    expect(rows.length).toBeGreaterThan(0)
    for (const { ours, baseline } of rows) {
      const values = [...ours, ...(baseline?.values ?? [])]
      expect(values.length).toBeGreaterThan(0)
      expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true)
    }
  })
  it('draws a plot that names what it compares', () => {
    const plot = readFileSync(join(folder, `${name}.svg`), 'utf8')
    expect(plot).toMatch(/^<svg .*<\/svg>\n$/s)
    expect(plot).not.toMatch(/NaN|undefined/)
    expect(plot).toContain('Dosti')
  })
})

it('prints every row with what was asked of it, and how many budgets are met', () => {
  expect(output).toMatch(/\d+ of \d+ budgets met, \d+ missed\./)
})
