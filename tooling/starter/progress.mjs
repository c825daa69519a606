import { spawn } from 'node:child_process'
import { Fault } from './faults.mjs'

const heartbeat = 10_000
const keptLines = 20
const terminal = process.stdout.isTTY

/** @param {string} line */
export function say(line) {
  process.stdout.write(`${line}\n`)
}

/**
 * Shows a step while it runs: on a terminal one line that is rewritten, elsewhere a line every ten seconds.
 * @template T
 * @param {string} title
 * @param {(note: (text: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = Date.now()
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`
  let last = ''
  const show = () => {
    const line = `… ${title} (${seconds()})${last ? `: ${last}` : ''}`
    if (terminal) process.stdout.write(`\r\x1b[2K${line.slice(0, (process.stdout.columns ?? 80) - 1)}`)
    else say(line)
  }
  const timer = setInterval(show, terminal ? 200 : heartbeat)
  if (terminal) show()
  try {
    const result = await work((text) => {
      last = text
    })
    if (terminal) process.stdout.write('\r\x1b[2K')
    say(`✓ ${title} (${seconds()})`)
    return result
  } catch (error) {
    if (terminal) process.stdout.write('\r\x1b[2K')
    say(`✗ ${title} (${seconds()})`)
    throw error
  } finally {
    clearInterval(timer)
  }
}

/**
 * Runs a command to its end, notes each line it prints, and returns its last lines.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, note?: (text: string) => void, failed: string, signal?: AbortSignal | undefined }} options
 *   `failed` is the sentence of the fault when the command cannot be run or ends with another code than 0
 * @returns {Promise<string>}
 */
export async function run(command, args, { cwd, env, note = () => {}, failed, signal }) {
  /** @type {string[]} */
  const lines = []
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], signal })
  const keep = lineReader((line) => {
    lines.push(line)
    if (lines.length > keptLines) lines.shift()
    note(line.trim())
  })
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => resolve(exitCode ?? signal))
  }).catch((error) => {
    if (signal?.aborted) throw error
    throw new Fault(failed, String(error))
  })
  if (code !== 0) throw new Fault(failed, lines.join('\n'))
  return lines.join('\n')
}

/**
 * Calls back once for each whole line of a stream, without colour codes; empty lines are left out.
 * @param {(line: string) => void} onLine
 * @returns {(chunk: Buffer | string) => void}
 */
export function lineReader(onLine) {
  let rest = ''
  return (chunk) => {
    const parts = (rest + chunk.toString()).split(/\r?\n|\r/)
    rest = parts.pop() ?? ''
    for (const part of parts) {
      // eslint-disable-next-line no-control-regex -- colour codes are control characters
      const line = part.replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, '')
      if (line.trim() !== '') onLine(line)
    }
  }
}
