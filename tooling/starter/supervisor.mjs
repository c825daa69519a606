import { setTimeout as wait } from 'node:timers/promises'
import { say } from './progress.mjs'

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */
/** @typedef {import('./processes.mjs').ProcessRecord} ProcessRecord */

/** A process that lived this long counts as healthy: the next restart waits the shortest time again. */
const healthyAfter = 60_000
const longestPause = 30_000

/** Starts again whatever ends before it was told to, waiting longer each time. */
export class Supervisor {
  /** @type {Map<string, number>} */
  #failures = new Map()
  #stopping = new AbortController()
  #running
  #onChange

  /** @param {{ running: import('./running.mjs').Running, onChange: () => void }} options */
  constructor({ running, onChange }) {
    this.#running = running
    this.#onChange = onChange
  }

  /**
   * Starts a process and keeps it alive from then on; fails only when it cannot be started this first time.
   * @param {string} name
   * @param {ProcessRecord['kind']} kind
   * @param {() => Promise<ChildProcess>} start
   */
  async launch(name, kind, start) {
    this.#watch(name, kind, start, await start())
  }

  /**
   * How often in a row a process ended young.
   * @param {string} name
   */
  failuresOf(name) {
    return this.#failures.get(name) ?? 0
  }

  /** From now on what ends stays ended. */
  stop() {
    this.#stopping.abort()
  }

  /**
   * @param {string} name
   * @param {ProcessRecord['kind']} kind
   * @param {() => Promise<ChildProcess>} start
   * @param {ChildProcess} child
   */
  #watch(name, kind, start, child) {
    const began = Date.now()
    this.#running.add(name, kind, child.pid)
    this.#onChange()
    const ended = (/** @type {string} */ reason) => {
      if (this.#stopping.signal.aborted) return
      this.#failures.set(name, Date.now() - began > healthyAfter ? 1 : this.failuresOf(name) + 1)
      void this.#again(name, kind, start, reason)
    }
    if (child.exitCode !== null || child.signalCode !== null) ended(`code ${child.exitCode ?? child.signalCode}`)
    else child.once('exit', (code, signal) => ended(signal ?? `code ${code}`))
  }

  /**
   * @param {string} name
   * @param {ProcessRecord['kind']} kind
   * @param {() => Promise<ChildProcess>} start
   * @param {string} reason
   */
  async #again(name, kind, start, reason) {
    const failures = this.failuresOf(name)
    const pause = failures <= 1 ? 100 : Math.min(longestPause, 250 * 2 ** failures)
    say(`! ${name} ended (${reason}); it is started again${pause >= 1000 ? ` in ${Math.round(pause / 1000)} s` : ''}.`)
    try {
      await wait(pause, undefined, { signal: this.#stopping.signal })
    } catch {
      return
    }
    try {
      const child = await start()
      if (this.#stopping.signal.aborted) return
      say(`✓ ${name} runs again as process ${child.pid}.`)
      this.#watch(name, kind, start, child)
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      this.#failures.set(name, failures + 1)
      void this.#again(name, kind, start, error instanceof Error ? error.message : String(error))
    }
  }
}
