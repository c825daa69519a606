import { randomBytes } from 'node:crypto'
import { afterAll, inject } from 'vitest'
import type { Running } from '@dosti/tooling'
import { listFor } from './lists.ts'
import type { TestRun } from './run.ts'

/** What this test file makes and must undo; the file's own `afterAll` hooks run first. */
const undo: (() => Promise<void>)[] = []
let processes: Running | undefined

afterAll(async () => {
  const tasks = undo.splice(0).toReversed()
  const results = await Promise.allSettled(tasks.map((task) => task()))
  await processes?.stop()
  processes = undefined
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
})

/** The run's Postgres and Redis program. */
export function testRun(): TestRun {
  const run = inject('testRun')
  if (run === undefined) throw new Error('Real stores are there for test files named *.int.test.ts only.')
  return run
}

/** Undoes something when this test file is over. */
export function afterThisFile(task: () => Promise<void>): void {
  undo.push(task)
}

/** What this test file runs; all of it is ended after the file, or by the run when the file's worker is killed. */
export function processesOfThisFile(): Running {
  processes ??= listFor(testRun().folder, uniqueName('file'))
  return processes
}

/** A name that no other test file uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`
}
