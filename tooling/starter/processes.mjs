import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * A process that we started, told apart from a later one with the same number by the time it began.
 * @typedef {{ name: string, kind: 'service' | 'redis' | 'postgres', pid: number, began: string }} ProcessRecord
 */

const onLinux = process.platform === 'linux'

/** Which signals end which kind, in the order of stopping: who uses something goes before what it uses. */
const stages = /** @type {const} */ ([
  { kind: 'service', steps: [['SIGTERM', 12_000]] },
  { kind: 'redis', steps: [['SIGTERM', 10_000]] },
  // SIGINT is Postgres' fast shutdown, SIGQUIT its immediate one (it recovers from its log at the next start).
  {
    kind: 'postgres',
    steps: [
      ['SIGINT', 20_000],
      ['SIGQUIT', 5_000],
    ],
  },
])

/**
 * @param {string} name
 * @param {ProcessRecord['kind']} kind
 * @param {number} pid
 * @returns {ProcessRecord}
 */
export function recordOf(name, kind, pid) {
  return { name, kind, pid, began: beginning(pid) ?? 'unknown' }
}

/**
 * Whether the recorded process itself still runs; a zombie or a newcomer under its number counts as gone.
 * @param {ProcessRecord} record
 */
export function isRunning(record) {
  return record.began !== 'unknown' && beginning(record.pid) === record.began
}

/**
 * Ends services, then Redis, then Postgres, each politely first, and returns when none is left.
 * @param {readonly ProcessRecord[]} records
 */
export async function stopInOrder(records) {
  for (const { kind, steps } of stages) {
    const members = records.filter((record) => record.kind === kind)
    await Promise.all(members.map((record) => stop(record, steps)))
  }
}

/**
 * @param {ProcessRecord} record
 * @param {ReadonlyArray<readonly [NodeJS.Signals, number]>} steps
 */
async function stop(record, steps) {
  for (const [signal, patience] of steps) {
    if (!isRunning(record)) break
    send(record.pid, signal)
    send(record.pid, 'SIGCONT') // a frozen process would not see the signal
    await until(() => !isRunning(record), patience)
  }
  if (isRunning(record)) {
    send(record.pid, 'SIGKILL')
    await until(() => !isRunning(record), 5_000)
  }
  // Services lead a group of their own: whatever they started goes with them.
  if (record.kind === 'service') send(-record.pid, 'SIGKILL')
}

/**
 * Ends at once what is left, without waiting.
 * @param {readonly ProcessRecord[]} records
 */
export function killAll(records) {
  for (const record of records) {
    if (!isRunning(record)) continue
    send(record.pid, record.kind === 'postgres' ? 'SIGQUIT' : 'SIGKILL')
    send(record.pid, 'SIGCONT')
    if (record.kind === 'service') send(-record.pid, 'SIGKILL')
  }
}

/**
 * @param {() => boolean} condition
 * @param {number} milliseconds
 * @returns {Promise<boolean>} whether the condition came true in time
 */
export async function until(condition, milliseconds) {
  const end = Date.now() + milliseconds
  while (!condition()) {
    if (Date.now() > end) return false
    await wait(25)
  }
  return true
}

/**
 * Processes whose working folder is the given one; on systems without /proc always none.
 * @param {string} folder
 * @returns {number[]}
 */
export function processesIn(folder) {
  if (!onLinux) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => beginning(pid) !== undefined && linkOf(`/proc/${pid}/cwd`) === folder)
}

/**
 * When a process began, in the system's own words; undefined when there is none or only its zombie.
 * @param {number} pid
 * @returns {string | undefined}
 */
function beginning(pid) {
  if (onLinux) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${bootId()}:${fields[19]}`
    } catch {
      return undefined
    }
  }
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
  const line = stdout?.trim() ?? ''
  return status !== 0 || line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '')
}

/**
 * The processes that must live for our own to make sense when npm runs us: npm itself and the shell between.
 * @returns {number[]}
 */
export function npmAbove() {
  const parent = process.ppid
  const { command, ppid } = parentage(parent)
  return /^-?(sh|dash|ash|bash|zsh|ksh|fish|busybox)$/.test(command) ? [parent, ppid] : [parent]
}

/** @param {number} pid */
export function exists(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}

/** @param {number} pid */
function parentage(pid) {
  if (onLinux) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const end = stat.lastIndexOf(')')
    return { command: stat.slice(stat.indexOf('(') + 1, end), ppid: Number(stat.slice(end + 2).split(' ')[1]) }
  }
  const { stdout } = spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' })
  const [, ppid = '0', command = ''] = /^\s*(\d+)\s+(?:.*\/)?(.+?)\s*$/.exec(stdout ?? '') ?? []
  return { command, ppid: Number(ppid) }
}

/** Start times count from the boot, so a record from before a reboot must never match. */
function bootId() {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().slice(0, 8)
}

/** @param {string} path */
function linkOf(path) {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function send(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone already, which is what was wanted.
  }
}
