/** The processes of a run: servers on one core, the generator on another, Postgres and Redis where the system puts them. */
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { spawnProcess, untilReady, type SpawnedProcess } from '@dosti/testkit/processes'
import { freePort, type Running } from '@dosti/tooling'

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Whether processes can be held on a core. */
export const PINNED = cpus().length > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** A command that stays on one core, if the machine allows. */
export function onCore(core: number, command: string, args: readonly string[]): [string, string[]] {
  return PINNED ? ['taskset', ['-c', String(core), command, ...args]] : [command, [...args]]
}

/** A server under load. */
export interface Node extends SpawnedProcess {
  /** Loopback address without a trailing slash. */
  url: string
  port: number
}

export interface NodeOptions {
  /** Path from the checkout. */
  entry: string
  args?: string[]
  env?: Record<string, string>
  /** Flags of Node itself. */
  flags?: string[]
  /** What answers 200 once it is ready. */
  readyPath: string
  port?: number
  /** Where it stays; core 0 if nothing is said. */
  core?: number
}

let count = 0

/** Starts a server on its core and returns once it is ready. */
export async function startNode(running: Running, options: NodeOptions): Promise<Node> {
  const { entry, args = [], env = {}, flags = [], readyPath, port = await freePort(), core = 0 } = options
  // Baselines take their port as an argument, services from the environment.
  const [command, rest] = onCore(core, process.execPath, [
    ...flags,
    entry,
    ...args.map((arg) => arg.replace('{port}', String(port))),
  ])
  const node = spawnProcess(command, rest, { cwd: ROOT, env: { ...env, PORT: String(port) }, detached: true })
  count += 1
  running.add(`server ${count}`, 'service', node.pid)
  const url = `http://127.0.0.1:${port}`
  const early = node.ended.then(() => {
    throw new Error(`${entry} ended before it was ready:\n${node.output()}`)
  })
  early.catch(() => {}) // it also ends when we stop it
  await Promise.race([untilReady(`${url}${readyPath}`), early])
  return Object.assign(node, { url, port })
}
