import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, chmodSync, chownSync, constants, cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from './faults.mjs'

/**
 * How Postgres is run, since it refuses to run as root.
 * @typedef {object} PostgresUser
 * @property {string[]} prefix what stands before each of its commands
 * @property {string} binaries where its programs lie
 * @property {string} data where its data lie
 * @property {(path: string) => void} give makes a file or folder of ours usable for it
 * @property {string} [note] what is unusual about it, for the person at the terminal
 */

/**
 * Finds a way to run Postgres here: plainly for an ordinary user; for root in a user namespace, where root's files belong
 * to an ordinary id and nothing has to move; where namespaces are forbidden (many containers) as an unprivileged user.
 * @param {{ binaries: string, data: string, namespaces?: boolean }} wishes
 * @returns {PostgresUser}
 */
export function choosePostgresUser({ binaries, data, namespaces = true }) {
  if (process.getuid?.() !== 0) return { prefix: [], binaries, data, give() {} }
  const users = unprivilegedUsers()
  const user = users[0]
  if (user === undefined) {
    throw new Fault(
      'Postgres does not run as root and /etc/passwd has no other user; add one with "useradd dosti" and start again.',
    )
  }
  const namespaced = ['unshare', '--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`, '--']
  if (namespaces && answers([...namespaced, 'id', '-u'], String(user.uid))) {
    return { prefix: namespaced, binaries, data, give() {} }
  }
  return asOtherUser(user, binaries, data)
}

/**
 * @param {{ name: string, uid: number, gid: number }} user
 * @param {string} binaries
 * @param {string} data
 * @returns {PostgresUser}
 */
function asOtherUser(user, binaries, data) {
  const prefix = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--']
  if (!answers([...prefix, 'id', '-u'], String(user.uid))) {
    throw new Fault(
      'Postgres does not run as root, and neither "unshare" nor "setpriv" (package util-linux) works here; start Dosti as an ordinary user or set DATABASE_URL.',
    )
  }
  const give = (/** @type {string} */ path) => chownSync(path, user.uid, user.gid)
  const reaches = (/** @type {string} */ path) =>
    spawnSync(prefix[0] ?? '', [...prefix.slice(1), 'test', '-r', path]).status === 0
  const home = join('/var/lib/dosti', digest(data))
  if (reaches(join(binaries, 'postgres')) && reaches(join(data, '..'))) {
    return { prefix, binaries, data, give }
  }
  mkdirSync(home, { recursive: true, mode: 0o711 })
  chmodSync('/var/lib/dosti', 0o711)
  give(home)
  const copy = join(home, `postgres-${digest(binaries)}`)
  if (!reaches(join(binaries, 'postgres')) && !reaches(join(copy, 'bin', 'postgres'))) {
    cpSync(join(binaries, '..'), copy, { recursive: true, verbatimSymlinks: true })
    spawnSync('chmod', ['-R', 'a+rX', copy])
  }
  return {
    prefix,
    binaries: reaches(join(binaries, 'postgres')) ? binaries : join(copy, 'bin'),
    data: join(home, 'data'),
    give,
    note: `Postgres runs as user ${user.name} and keeps its data in ${home}, since that user cannot enter this checkout.`,
  }
}

/**
 * How willingly an account is taken; `indexOf` gives -1 to the rest, which comes last as an unsigned number.
 * @param {string} name
 */
function rank(name) {
  return ['postgres', 'nobody'].indexOf(name) >>> 0
}

/** Accounts that may run Postgres for root, the customary one first. */
function unprivilegedUsers() {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  const users = lines
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => uid > 0 && gid > 0)
  return users.sort((a, b) => rank(a.name) - rank(b.name))
}

/**
 * @param {string[]} command
 * @param {string} expected
 */
function answers([program = '', ...args], expected) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 && stdout.trim() === expected
}

/** @param {string} text */
function digest(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** Whether a program lies in a folder and may be run. */
export function isProgram(/** @type {string} */ path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
