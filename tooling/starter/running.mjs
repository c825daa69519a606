import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isRunning, recordOf, stopInOrder } from './processes.mjs'

/** @typedef {import('./processes.mjs').ProcessRecord} ProcessRecord */

const guardianEntry = fileURLToPath(new URL('guardian.mjs', import.meta.url))

/**
 * The list of what one starter runs, kept on disk so that others can clean up after it:
 * its guardian when it is killed, the next start when the guardian is gone too.
 */
export class Running {
  /** @type {Map<string, ProcessRecord>} */
  #records = new Map()
  #file
  #owner = recordOf('starter', 'service', process.pid)
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #guardian
  #stopping = false
  #done = false

  /** @param {string} file */
  constructor(file) {
    this.#file = file
    this.#write()
  }

  /**
   * @param {string} name
   * @param {ProcessRecord['kind']} kind
   * @param {number | undefined} pid
   */
  add(name, kind, pid) {
    if (pid === undefined) return
    this.#records.set(name, recordOf(name, kind, pid))
    this.#write()
  }

  /** @param {string} name */
  remove(name) {
    this.#records.delete(name)
    this.#write()
  }

  get records() {
    return [...this.#records.values()]
  }

  /**
   * Starts the process that outlives us only to clean up; it is replaced when it dies first.
   * @param {{ logFile: string, removes?: string[] }} options files that it removes after cleaning up
   */
  guard({ logFile, removes = [] }) {
    const log = openSync(logFile, 'a')
    const child = spawn(process.execPath, [guardianEntry, this.#file, ...removes], {
      detached: true,
      stdio: ['pipe', 'ignore', log],
    })
    closeSync(log)
    child.stdin?.on('error', () => {})
    child.once('exit', () => {
      if (!this.#done) this.guard({ logFile, removes })
    })
    child.unref()
    this.#guardian = child
  }

  /** Ends everything in order and leaves no trace. */
  async stop() {
    this.#stopping = true
    this.#write()
    await stopInOrder(this.records)
    this.#done = true
    rmSync(this.#file, { force: true })
    this.#guardian?.stdin?.destroy()
  }

  #write() {
    if (this.#done) return
    const temporary = `${this.#file}.new`
    writeFileSync(temporary, JSON.stringify({ owner: this.#owner, stopping: this.#stopping, records: this.records }), {
      mode: 0o600,
    })
    renameSync(temporary, this.#file)
  }
}

/**
 * What an earlier starter left on disk, if anything.
 * @param {string} file
 * @returns {{ owner: ProcessRecord, stopping: boolean, records: ProcessRecord[] } | undefined}
 */
export function readRunning(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * Ends what an earlier starter left running, removes its list and the given files, and says how many processes it ended.
 * @param {string} file
 * @param {string[]} [removes] left alone when a new starter has taken the list over meanwhile
 */
export async function cleanUpAfter(file, removes = []) {
  const before = readRunning(file)
  const left = before?.records.filter(isRunning) ?? []
  await stopInOrder(left)
  if (readRunning(file)?.owner.began === before?.owner.began) {
    for (const path of [file, ...removes]) rmSync(path, { recursive: true, force: true })
  }
  return left.length
}
