import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Fault } from './faults.mjs'

const jsRedisEntry = fileURLToPath(new URL('js-redis.mjs', import.meta.url))

/**
 * @typedef {object} RedisOptions
 * @property {string} program "redis-server" or "valkey-server"
 * @property {number} port
 * @property {string} data a folder for its data; made when missing
 * @property {string} logFile
 * @property {boolean} [keepsData] false only for tests
 * @property {string} [password]
 * @property {(child: import('node:child_process').ChildProcess) => void} [onSpawn] called before it is ready
 */

/**
 * A running Redis of ours, answering on loopback alone.
 * @typedef {{ url: string, child: import('node:child_process').ChildProcess }} Redis
 */

/** The real Redis on the path, if there is one. */
export function findRedis() {
  const programs = /** @type {const} */ (['redis-server', 'valkey-server'])
  return programs.find((name) => spawnSync(name, ['--version']).status === 0)
}

/**
 * Starts a real Redis and returns once it answers.
 * @param {RedisOptions} options
 * @returns {Promise<Redis>}
 */
export async function startRedis({ program, port, data, logFile, keepsData = true, password, onSpawn }) {
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const config = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir "${data.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
    `appendonly ${keepsData ? 'yes' : 'no'}`,
    'save ""',
    'maxmemory-policy noeviction', // BullMQ loses jobs under any other
    'daemonize no',
    ...(password === undefined ? [] : [`requirepass ${password}`]),
  ]
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(program, ['-'], { detached: true, stdio: ['pipe', log, log] })
  closeSync(log)
  onSpawn?.(child)
  child.stdin?.on('error', () => {}) // it ended before it read; ready() tells
  child.stdin?.end(`${config.join('\n')}\n`)
  await ready(child, { port, logFile, password })
  const user = password === undefined ? '' : `:${password}@`
  return { url: `redis://${user}127.0.0.1:${port}/0`, child }
}

/**
 * Starts the pure JavaScript one, which forgets everything when it ends.
 * @param {{ node: string, port: number, logFile: string, onSpawn?: RedisOptions['onSpawn'] }} options a Node of at least version 22
 * @returns {Promise<Redis>}
 */
export async function startJsRedis({ node, port, logFile, onSpawn }) {
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(node, [jsRedisEntry, String(port)], { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  onSpawn?.(child)
  await ready(child, { port, logFile })
  return { url: `redis://127.0.0.1:${port}/0`, child }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {{ port: number, logFile: string, password?: string | undefined }} options
 */
async function ready(child, { port, logFile, password }) {
  let failure = ''
  child.once('error', (error) => (failure = error.message))
  child.once('exit', (code, signal) => (failure ||= `it ended with ${signal ?? `code ${code}`}`))
  const deadline = Date.now() + 30_000
  while (!(await ping(port, password))) {
    if (failure === '' && Date.now() < deadline) {
      await wait(20)
      continue
    }
    if (child.pid !== undefined && failure === '') process.kill(child.pid, 'SIGKILL')
    const log = existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''
    const reason = failure || 'it did not answer within 30 s'
    const words = log.trimEnd().split('\n').slice(-15).join('\n')
    throw new Fault(`Redis could not start: ${reason}; its last words are below, the whole log is ${logFile}.`, words)
  }
}

/**
 * @param {number} port
 * @param {string | undefined} password
 * @returns {Promise<boolean>} false while it still loads its data
 */
function ping(port, password) {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    let heard = ''
    const finish = (/** @type {boolean} */ answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(2_000, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
    socket.once('connect', () => socket.write(`${password === undefined ? '' : `AUTH ${password}\r\n`}PING\r\n`))
    socket.on('data', (data) => {
      heard += data.toString()
      if (heard.includes('PONG')) finish(true)
      else if (heard.includes('-')) finish(false)
    })
  })
}
