import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Fault } from './faults.mjs'
import { inRoot, root } from './paths.mjs'
import { run, say, step } from './progress.mjs'
import { findRedis } from './redis.mjs'
import { toolEnvironment } from './toolchain.mjs'

/**
 * A program that the tests need and that no npm package brings.
 * @typedef {{ name: string, packages: string[], elsewhere: string, present: () => boolean }} OutsideProgram
 */

/** The system's own, which is where apt puts its packages, whatever comes first on the path. */
const python = '/usr/bin/python3'
const startPolicy = '/usr/sbin/policy-rc.d'

/** @type {OutsideProgram[]} */
const outsidePrograms = [
  {
    name: 'a real Redis',
    packages: ['redis-server'],
    elsewhere: 'redis-server or valkey-server (macOS: "brew install redis")',
    present: () => findRedis() !== undefined,
  },
  {
    name: 'PHP',
    packages: ['php-cli'],
    elsewhere: 'PHP (macOS: "brew install php")',
    present: () => spawnSync('php', ['--version']).status === 0,
  },
  {
    name: 'the Python Socket.IO client',
    packages: ['python3-socketio', 'python3-requests', 'python3-websocket'],
    elsewhere: 'its packages ("/usr/bin/python3 -m pip install python-socketio[client]")',
    present: () => spawnSync(python, ['-c', 'import socketio, requests, websocket']).status === 0,
  },
]

/**
 * The Chromium to drive: the one that CHROMIUM names, else one from the path; undefined means Playwright's own.
 * Ubuntu's is a snap, which cannot be driven, and does not count.
 * @param {Record<string, string | undefined>} [env]
 */
export function findChromium(env = process.env) {
  if (env.CHROMIUM) return env.CHROMIUM
  const names = ['chromium', 'google-chrome-stable', 'google-chrome']
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '' && !folder.startsWith('/snap'))
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}

/** Brings every program that the tests need: by apt where we may, otherwise it says what to install. */
export async function bringOutsidePrograms() {
  const missing = outsidePrograms.filter(({ present }) => !present())
  const lacksChromium = findChromium() === undefined
  const packages = missing.flatMap((program) => program.packages)
  if (lacksChromium && isDebian()) packages.push('chromium')
  if (packages.length > 0 && mayUseApt()) await installByApt(packages)
  for (const { name, elsewhere, present } of missing) {
    if (!present()) throw new Fault(`The tests need ${name}; install ${elsewhere} and run them again.`)
  }
  if (findChromium() === undefined) await fetchPlaywrightChromium()
}

/** @param {string[]} packages */
async function installByApt(packages) {
  say(`  Installing by apt, for the tests: ${packages.join(', ')}.`)
  const env = { ...toolEnvironment(), DEBIAN_FRONTEND: 'noninteractive' }
  const failed = `apt could not install ${packages.join(', ')}; run "apt-get install ${packages.join(' ')}" yourself to see why.`
  const ownPolicy = !existsSync(startPolicy)
  // Packages such as redis-server would otherwise start a daemon of the system's.
  if (ownPolicy) writeFileSync(startPolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await step('Reading the package lists', (note) =>
      run('apt-get', ['update', '-q'], { cwd: root, env, note, failed }),
    )
    await step('Installing programs', (note) =>
      run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { cwd: root, env, note, failed }),
    )
  } finally {
    if (ownPolicy) rmSync(startPolicy, { force: true })
  }
}

/** Playwright skips the download by itself when it has done it before. */
async function fetchPlaywrightChromium() {
  await step('Fetching Chromium', (note) =>
    run('pnpm', ['exec', 'playwright', 'install', 'chromium'], {
      cwd: inRoot('e2e'),
      env: toolEnvironment(),
      note,
      failed:
        'Chromium could not be fetched; install it yourself or name one in the variable CHROMIUM, then run the tests again.',
    }),
  )
}

function mayUseApt() {
  return process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0
}

function isDebian() {
  return existsSync('/etc/debian_version') && spawnSync('grep', ['-q', '^ID=debian', '/etc/os-release']).status === 0
}
