import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

/** How a process ended. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process in the hands of a fault test. */
export interface ProcessHandle {
  readonly pid: number
  /** SIGSTOP: it keeps its connections and answers nothing. */
  freeze: () => void
  /** SIGCONT. */
  thaw: () => void
  /** SIGKILL, and returns once it is reaped. */
  kill: () => Promise<Exit>
  /** Asks it to end, kills it after half a minute, and returns once it is reaped. */
  stop: () => Promise<Exit>
}

/** A handle that can change its process, as a restarted server does. */
export interface AdoptingHandle extends ProcessHandle {
  adopt: (child: ChildProcess) => void
}

/** More than any service of ours gives itself, so that a test sees how it ends. */
const patience = 30_000

/** A handle on a child; `politeSignal` is how it is asked to end. */
export function handleOf(child: ChildProcess, politeSignal: NodeJS.Signals = 'SIGTERM'): AdoptingHandle {
  let current = child
  return {
    get pid() {
      if (current.pid === undefined) throw new Error('The process could not be started.')
      return current.pid
    },
    freeze: () => void current.kill('SIGSTOP'),
    thaw: () => void current.kill('SIGCONT'),
    kill: () => endBy(current, 'SIGKILL'),
    stop: async () => {
      const polite = endBy(current, politeSignal)
      current.kill('SIGCONT') // a frozen process would not see the signal
      const inTime = await Promise.race([polite, wait(patience, undefined, { ref: false })])
      return inTime ?? endBy(current, 'SIGKILL')
    },
    adopt: (next) => {
      current = next
    },
  }
}

/** A child whose output is kept. */
export interface SpawnedProcess extends ProcessHandle {
  /** Everything it has printed so far. */
  output: () => string
  /** Resolves when it has ended, however it did. */
  ended: Promise<Exit>
}

/** Starts a program; `env` is added to our own environment. */
export function spawnProcess(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; detached?: boolean } = {},
): SpawnedProcess {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    detached: options.detached ?? false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const chunks: string[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  const ended = once(child, 'close').then(() => exitOf(child))
  return Object.assign(handleOf(child), { output: () => chunks.join(''), ended })
}

/** Asks an address every 50 ms until it answers with 200; fails after `milliseconds`. */
export async function untilReady(url: string, milliseconds = 30_000): Promise<void> {
  const deadline = Date.now() + milliseconds
  while (!(await answersOk(url))) {
    if (Date.now() > deadline) throw new Error(`${url} did not answer with 200 within ${milliseconds} ms.`)
    await wait(50)
  }
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

async function endBy(child: ChildProcess, signal: NodeJS.Signals): Promise<Exit> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
  }
  return exitOf(child)
}

function exitOf(child: ChildProcess): Exit {
  return { code: child.exitCode, signal: child.signalCode }
}
