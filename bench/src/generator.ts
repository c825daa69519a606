import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Running } from '@dosti/tooling'
import type { Answer, Job, Results, Told } from '../load/main.ts'
import { onCore } from './processes.ts'

/** The load generator, in a process of its own on core 1. */
export interface Generator {
  /** Runs a job; `reached` is called at each of its stops, and the job goes on when it resolves. */
  run<K extends Job['kind']>(
    job: Extract<Job, { kind: K }>,
    reached?: (point: string) => Promise<void>,
  ): Promise<Results[K]>
  stop(): void
}

const ENTRY = fileURLToPath(new URL('../load/main.ts', import.meta.url))

/** Starts the generator; it takes one job at a time. */
export function startGenerator(running: Running): Generator {
  const [command, args] = onCore(1, process.execPath, ['--max-old-space-size=4096', ENTRY])
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  running.add('generator', 'service', child.pid)
  return {
    run: async (job, reached) => (await ask(child, job, reached)) as never,
    stop: () => child.disconnect(),
  }
}

function ask(child: ChildProcess, job: Job, reached?: (point: string) => Promise<void>): Promise<unknown> {
  const tell = (told: Told): boolean => child.send(told)
  return new Promise((resolve, reject) => {
    const hear = (answer: Answer): void => {
      if ('reached' in answer) {
        const { reached: point } = answer
        Promise.resolve(reached?.(point)).then(() => tell({ word: point }), reject)
        return
      }
      child.off('message', hear)
      child.off('exit', ended)
      if ('error' in answer) reject(new Error(`The generator failed: ${answer.error}`))
      else resolve(answer.result)
    }
    const ended = (): void => reject(new Error('The generator ended.'))
    child.on('message', hear)
    child.once('exit', ended)
    tell({ job })
  })
}
