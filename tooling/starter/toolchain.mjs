import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { Fault } from './faults.mjs'
import { inRoot, inState, makeStateFolder, root } from './paths.mjs'
import { run, step } from './progress.mjs'

const pnpmVersion = '12.21.0'
const oldestNode = 20
/** Somebody who is offline should hear it soon, not after the two minutes that npm and pnpm wait by default. */
const retries = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']
const installStamp = inRoot('node_modules', '.dosti-installed')
const pnpmEntry = inState('tools', 'node_modules', 'pnpm', 'bin', 'pnpm.mjs')

/** Node 24 as the workspace pins it; there only after {@link bringToolchain}. */
export const node24 = inRoot('node_modules', 'node', 'bin', 'node')

/** The environment in which every tool of the workspace runs: our pnpm and Node 24 first on the path. */
export function toolEnvironment() {
  const env = outerEnvironment()
  const folders = [inState('tools', 'node_modules', '.bin'), dirname(node24), inRoot('node_modules', '.bin')]
  env.PATH = [...folders, env.PATH ?? ''].join(delimiter)
  env.TURBO_TELEMETRY_DISABLED = '1'
  env.DO_NOT_TRACK = '1'
  // A service starts in two thirds of the time, and whoever waits for one that crashed is back sooner.
  env.NODE_COMPILE_CACHE ??= inState('compile-cache')
  return env
}

/** Refuses a Node or a system on which the rest could not run. */
export function checkMachine() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < oldestNode) {
    throw new Fault(`Node ${process.versions.node} is too old; install Node ${oldestNode} or later from nodejs.org.`)
  }
  if (process.platform === 'win32') {
    throw new Fault('Dosti starts on Linux and macOS; on Windows run it inside WSL 2.')
  }
}

/**
 * Brings pnpm, the packages and Node 24, each only when it is missing or out of date.
 * @param {AbortSignal} [signal]
 */
export async function bringToolchain(signal) {
  checkMachine()
  await bringPnpm(signal)
  const stamp = await fingerprint()
  if (readOr(installStamp) === stamp && existsSync(node24)) return
  await step('Installing packages', async (note) => {
    if (!existsSync(inRoot('pnpm-lock.yaml'))) {
      throw new Fault('pnpm-lock.yaml is missing; restore it with "git checkout pnpm-lock.yaml" and start again.')
    }
    const args = [
      'install',
      '--frozen-lockfile',
      '--reporter=append-only',
      ...retries.map((flag) => flag.replace('--', '--config.')),
    ]
    await run(process.execPath, [pnpmEntry, ...args], {
      cwd: root,
      env: { ...toolEnvironment(), CI: '1' },
      note,
      signal,
      failed:
        'The packages could not be installed; look at the lines below (offline? a changed package.json needs "npm run pnpm -- install"), then start again.',
    })
    if (!existsSync(node24)) {
      throw new Fault('Node 24 did not arrive with the packages; delete the folder node_modules and start again.')
    }
    writeFileSync(installStamp, stamp)
  })
}

/**
 * Runs our pnpm in the foreground for a contributor and returns its exit code.
 * @param {string[]} args
 * @returns {Promise<number>}
 */
export async function runPnpm(args) {
  checkMachine()
  await bringPnpm()
  const child = spawn(process.execPath, [pnpmEntry, ...args], { cwd: root, env: toolEnvironment(), stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/** @param {AbortSignal} [signal] */
async function bringPnpm(signal) {
  const manifest = readOr(inState('tools', 'node_modules', 'pnpm', 'package.json'))
  if (manifest !== '' && JSON.parse(manifest).version === pnpmVersion && existsSync(pnpmEntry)) return
  const folder = makeStateFolder('tools')
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { pnpm: pnpmVersion } }))
  await step('Fetching pnpm', (note) =>
    run(
      'npm',
      [
        'install',
        '--no-audit',
        '--no-fund',
        '--no-package-lock',
        '--ignore-scripts=false',
        '--loglevel=error',
        ...retries,
      ],
      {
        cwd: folder,
        env: outerEnvironment(),
        note,
        signal,
        failed:
          'pnpm could not be fetched from the npm registry; check the network (or the registry in ~/.npmrc) and start again.',
      },
    ),
  )
}

/** The caller's environment without what "npm start" added: nested tools must not believe that they are its script. */
function outerEnvironment() {
  const added =
    /^npm_(lifecycle|package|command|execpath|node_execpath|config_(local_prefix|global_prefix|prefix|noproxy|node_gyp|npm_version|user_agent|init_module))/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !added.test(name)))
}

/** One value that changes whenever an install is due. */
async function fingerprint() {
  const hash = createHash('sha256').update(pnpmVersion)
  const manifests = ['packages', 'apps']
    .filter((folder) => existsSync(inRoot(folder)))
    .flatMap((folder) =>
      readdirSync(inRoot(folder))
        .sort()
        .map((name) => join(folder, name, 'package.json')),
    )
  for (const file of [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'package.json',
    'e2e/package.json',
    'chaos/package.json',
    'tooling/package.json',
    ...manifests,
  ]) {
    hash.update(`${file}\0${readOr(inRoot(file))}\0`)
  }
  return hash.digest('hex')
}

/** @param {string} file */
function readOr(file, fallback = '') {
  return existsSync(file) ? readFileSync(file, 'utf8') : fallback
}
