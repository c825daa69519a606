import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, renameSync, statfsSync, writeFileSync } from 'node:fs'
import { Fault } from './faults.mjs'
import { inRoot, inState, makeStateFolder, root } from './paths.mjs'

const megabyte = 1024 * 1024

/**
 * What stays the same for this checkout from start to start.
 * @typedef {{ installation: string, postgresPassword: string, redisPassword: string, postgresPort: number, redisPort: number }} Identity
 */

/**
 * What the seed wrote about the demo workspaces.
 * @typedef {{ name: string, email: string, password: string }} DemoAgent
 * @typedef {{ publicKey: string, agents: DemoAgent[], otherWorkspace: { publicKey: string, agents: DemoAgent[] } }} Demo
 */

/** Refuses to begin what the disk cannot hold: a first run fetches and unpacks about 1.5 GB. */
export function checkDisk() {
  const { bavail, bsize } = statfsSync(root)
  const free = Math.floor((bavail * bsize) / megabyte)
  const needed = existsSync(inRoot('node_modules', '.dosti-installed')) ? 200 : 2000
  if (free < needed) {
    throw new Fault(
      `The disk of ${root} has ${free} MB left and ${needed} MB are needed; free some space and start again.`,
    )
  }
}

/** @returns {Identity} */
export function readIdentity() {
  const file = inState('identity.json')
  const fresh = {
    installation: randomBytes(4).toString('hex'),
    postgresPassword: randomBytes(16).toString('hex'),
    redisPassword: randomBytes(16).toString('hex'),
    postgresPort: 0,
    redisPort: 0,
  }
  const identity = existsSync(file) ? { ...fresh, ...parse(file) } : fresh
  writeIdentity(identity)
  return identity
}

/** @param {Identity} identity */
export function writeIdentity(identity) {
  writePrivately(inState('identity.json'), identity)
}

/** @returns {Demo} */
export function readDemo() {
  return parse(inState('demo.json'))
}

/**
 * Writes a file that only its owner may read; a reader sees the old or the new one, never half of it.
 * @param {string} file
 * @param {unknown} value
 */
export function writePrivately(file, value) {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Makes the folder for logs and sets those of the run before aside. */
export function freshLogs() {
  const folder = makeStateFolder('logs')
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.log')) renameSync(`${folder}/${name}`, `${folder}/${name}.before`)
  }
}

/** @param {string} file */
function parse(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new Fault(
      `${file} cannot be read; delete the folder .dosti to begin with an empty database, then start again.`,
    )
  }
}
