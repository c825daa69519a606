/** Postgres, Redis and the services as children that can be frozen and killed, and are started again as `npm start` would. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { spawnProcess, untilReady, type SpawnedProcess } from '@dosti/testkit/processes'
import type { Running } from '@dosti/tooling'
import type { Misbehaviour } from './recording.ts'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
const RESTART_AFTER_MS = 300
/** What a process logs when something escaped all of its code. */
const ESCAPED = /uncaught exception|unhandled rejection|UnhandledPromiseRejection/

/** A service under supervision. */
export interface Service {
  readonly name: string
  readonly pid: number
  /** Loopback address without a trailing slash. */
  readonly url: string
  /** SIGKILL; it stays down until `start`. */
  kill: () => Promise<void>
  /** SIGTERM, and waits for its end; it stays down until `start`. How long that took, and whether it ended as it should. */
  stop(): Promise<{ tookMs: number; inOrder: boolean }>
  signal: (signal: NodeJS.Signals) => void
  /** Starts it and waits until it is ready; `flags` are for Node, for this start alone. */
  start: (flags?: readonly string[]) => Promise<void>
  /** Whatever ends it now is meant to, once; the supervisor starts it again and says nothing. */
  expectEnd: () => void
  /** How many file descriptors it holds. */
  descriptors: () => number
  /** Resident memory in bytes. */
  memory: () => number
  /** What it logged as errors over all its lives, each once, with how often. */
  errors: () => Map<string, number>
}

export interface ServiceOptions {
  name: string
  entry: string
  port: number
  /** Where to find it, if not on loopback. */
  host?: string
  env: Record<string, string>
  running: Running
  misbehaved: (what: Misbehaviour) => void
  /** What stands before the command, to run it in another network. */
  prefix?: readonly string[]
}

/** Defines a service; `start` starts it. One that ends by itself is a misbehaviour, and is started again. */
export function defineService(options: ServiceOptions): Service {
  const { name, entry, port, host = '127.0.0.1', env, running, misbehaved, prefix = [] } = options
  const url = `http://${host}:${port}`
  let child: SpawnedProcess | undefined
  const lives: SpawnedProcess[] = []
  let wanted = false
  let expected = false

  const launch = (flags: readonly string[]): SpawnedProcess => {
    const [command, ...args] = [...prefix, process.execPath, ...flags, entry]
    const started = spawnProcess(command, args, {
      cwd: REPOSITORY,
      env: { HOST: host, ...env, PORT: String(port) },
      detached: true,
    })
    child = started
    lives.push(started)
    running.add(name, 'service', started.pid)
    void started.ended.then(async ({ code, signal }) => {
      const escaped = started
        .output()
        .split('\n')
        .filter((line) => ESCAPED.test(line))
      if (!expected && escaped.length > 0) misbehaved({ service: name, what: escaped.join(' | ').slice(0, 1000) })
      if (!wanted || child !== started) return
      const words = started.output().trim().split('\n').slice(-3).join(' | ').slice(0, 600)
      if (!expected) misbehaved({ service: name, what: `ended by itself with ${signal ?? code}: ${words}` })
      expected = false
      await wait(RESTART_AFTER_MS)
      if (wanted && child === started) launch([])
    })
    return started
  }
  const current = (): SpawnedProcess => {
    if (child === undefined) throw new Error(`${name} was never started`)
    return child
  }
  return {
    name,
    url,
    get pid() {
      return current().pid
    },
    async kill() {
      wanted = false
      await current().kill()
    },
    async stop() {
      wanted = false
      const from = Date.now()
      const { code } = await current().stop()
      return { tookMs: Date.now() - from, inOrder: code === 0 }
    },
    signal: (signal) => void process.kill(current().pid, signal),
    async start(flags = []) {
      wanted = true
      launch(flags)
      try {
        await untilReady(`${url}/readyz`, 30_000)
      } catch (error) {
        throw new Error(`${name} is not ready; its last words: ${current().output().slice(-2000)}`, { cause: error })
      }
    },
    expectEnd() {
      expected = true
    },
    descriptors: () => readdirSync(`/proc/${current().pid}/fd`).length,
    memory: () => residentBytes(current().pid),
    errors: () => errorsIn(lives.map((life) => life.output()).join('\n')),
  }
}

/** The errors of a log in JSON lines, without what differs from one to the next. Pure. */
export function errorsIn(log: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of log.split('\n').filter((one) => one.startsWith('{'))) {
    const { msg, operation, err } = JSON.parse(line) as {
      msg?: string
      operation?: string
      err?: { message?: string; stack?: string }
    }
    const where = err?.stack
      ?.split('\n')
      .slice(1, 4)
      .map((frame) => frame.trim().replace(/file:\/\/\S*\/(?=[^/]+\/[^/]+\/[^/]+$)/, ''))
      .join(' ')
    const words = [msg, operation, err?.message, where].filter((word) => word !== undefined).join(' · ')
    found.set(words, (found.get(words) ?? 0) + 1)
  }
  return found
}

/** Resident memory of a process in bytes, as Linux counts it. */
export function residentBytes(pid: number): number {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

/** A process and everything below it. */
export function withChildren(pid: number): number[] {
  const entries = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  const children = Map.groupBy(entries, parentOf)
  const from = (member: number): number[] => [
    member,
    ...(children.get(member) ?? []).flatMap((child) => from(Number(child))),
  ]
  return from(pid)
}

/** Sends a signal to a process and all below it, as a machine that freezes or dies does. */
export function signalAll(pid: number, signal: NodeJS.Signals): void {
  const members = new Set<number>()
  // All are stopped first, from the top, until no more are found: who still runs may start another meanwhile.
  for (let found = [pid]; found.length > 0; found = withChildren(pid).filter((member) => !members.has(member)))
    for (const member of found) {
      members.add(member)
      signalOne(member, 'SIGSTOP')
    }
  if (signal !== 'SIGSTOP') for (const member of members) signalOne(member, signal)
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended in between.
  }
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? undefined : Number(parent)
  } catch {
    return undefined
  }
}

/** Whether a process runs in the network of another. */
export function sharesNetwork(pid: number, other: number): boolean {
  return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync(`/proc/${other}/ns/net`)
}
