import { startTestRun } from '@dosti/testkit/run'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    postgresVersion: string | undefined
  }
}

/** Starts the Postgres of the integration tests, once for the run, and hands its address to the test files. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { migrate } = await import('@dosti/db/migrate')
  const { postgresVersion } = project.getProvidedContext()
  const { run, stop } = await startTestRun({ migrate, postgresVersion })
  project.provide('testRun', run)
  return stop
}
