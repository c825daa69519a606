import { fileURLToPath } from 'node:url'
import { freePort } from '@dosti/tooling'
import { processesOfThisFile, uniqueName } from './file.ts'
import { spawnProcess, untilReady } from './processes.ts'
import type { SpawnedProcess } from './processes.ts'

const repository = fileURLToPath(new URL('../../../', import.meta.url))

/** A service of ours as a process of its own. */
export interface RunningService extends SpawnedProcess {
  port: number
  /** Loopback address without a trailing slash. */
  url: string
}

/**
 * Starts a service's entry, e.g. `apps/worker/src/main.ts`, as `npm start` would, and returns once it is ready.
 * HOST and PORT are set; everything else that it reads comes from `env`. It is ended after this test file.
 */
export async function startService(entry: string, env: Record<string, string>): Promise<RunningService> {
  const port = Number(env.PORT ?? (await freePort()))
  const service = spawnProcess(process.execPath, [entry], {
    cwd: repository,
    env: { HOST: '127.0.0.1', ...env, PORT: String(port) },
    detached: true,
  })
  processesOfThisFile().add(uniqueName('service'), 'service', service.pid)
  const url = `http://127.0.0.1:${port}`
  const early = service.ended.then(() => {
    throw new Error(`${entry} ended before it was ready:\n${service.output()}`)
  })
  early.catch(() => {}) // it also ends after it was ready, which is not our affair
  await Promise.race([untilReady(`${url}/readyz`), early])
  return Object.assign(service, { port, url })
}
