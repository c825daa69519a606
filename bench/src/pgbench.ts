import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SCRIPT = `\\set visitor random(1, 400)
INSERT INTO message (visitor_id, text) VALUES ('visitor-' || :visitor, 'Where is my order? It was due yesterday.');
`

/** Transactions per second of one INSERT each, prepared; undefined where pgbench is not installed. */
export function runPgbench(
  url: string,
  { clients, seconds }: { clients: number; seconds: number },
): number | undefined {
  if (spawnSync('pgbench', ['--version']).status !== 0) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'dosti-pgbench-'))
  const file = join(folder, 'insert.sql')
  writeFileSync(file, SCRIPT)
  const args = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(seconds), '-f', file, url]
  const { stdout, stderr, status } = spawnSync('pgbench', args, { encoding: 'utf8' })
  rmSync(folder, { recursive: true, force: true })
  const rate = /tps = ([\d.]+)/.exec(stdout)?.[1]
  if (status !== 0 || rate === undefined) throw new Error(`pgbench failed: ${stderr}`)
  return Number(rate)
}
