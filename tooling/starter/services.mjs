import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from './faults.mjs'
import { inRoot, inState, root } from './paths.mjs'
import { lineReader, say } from './progress.mjs'
import { publicPorts } from './settings.mjs'
import { node24, toolEnvironment } from './toolchain.mjs'

const patience = 90_000
const triesBeforeReady = 3

/**
 * One process of Dosti.
 * @typedef {{ name: string, entry: string, port: number, env: Record<string, string> }} ServiceDefinition
 */

/**
 * The addresses under which people and services reach each other.
 * @param {import('./settings.mjs').Settings} settings
 */
export function addressesOf({ portBase }) {
  const at = (/** @type {number} */ offset) => `http://localhost:${portBase + offset}`
  return {
    gateway: at(publicPorts.gateway),
    api: at(publicPorts.api),
    console: at(publicPorts.console),
    site: at(publicPorts.site),
  }
}

/**
 * @param {import('./settings.mjs').Settings} settings
 * @param {{ databaseUrl: string, redisUrl: string, installation: string, publicKey: string, workerPort: number }} given
 * @returns {ServiceDefinition[]}
 */
export function defineServices(settings, { databaseUrl, redisUrl, installation, publicKey, workerPort }) {
  const urls = addressesOf(settings)
  const everywhere = {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    HOST: settings.host,
    LOG_LEVEL: settings.logLevel,
    INSTALLATION: installation,
    ...(settings.limits === undefined ? {} : { LIMITS: settings.limits }),
  }
  const service = (/** @type {string} */ name, /** @type {string} */ entry, /** @type {number} */ port, env = {}) => ({
    name,
    entry,
    port,
    env: { ...everywhere, PORT: String(port), ...env },
  })
  const { portBase } = settings
  const GATEWAY_URL = urls.gateway
  const API_URL = urls.api
  return [
    service('gateway', 'apps/gateway/src/main.ts', portBase + publicPorts.gateway, {
      API_URL,
      GATEWAY_URL,
      NODE_NAME: 'gw1',
      // Ctrl-C stops at once; spreading the reconnects is for nodes among others.
      DRAIN_MS: '0',
    }),
    service('api', 'apps/api/src/main.ts', portBase + publicPorts.api, { GATEWAY_URL, CONSOLE_URL: urls.console }),
    service('worker', 'apps/worker/src/main.ts', workerPort),
    service('console', 'apps/console/server/main.ts', portBase + publicPorts.console, { API_URL, GATEWAY_URL }),
    service('site', 'apps/site/src/main.ts', portBase + publicPorts.site, { GATEWAY_URL, PUBLIC_KEY: publicKey }),
  ]
}

/** The log of a service, Postgres or Redis. */
export function logFileOf(/** @type {string} */ name) {
  return inState('logs', `${name}.log`)
}

/**
 * Starts one process of a service; with watch it restarts itself when a file that it imports changes.
 * @param {ServiceDefinition} service
 * @param {{ watch: boolean }} options
 * @returns {Promise<import('node:child_process').ChildProcess>}
 */
export async function spawnService(service, { watch }) {
  if (!existsSync(inRoot(service.entry))) {
    throw new Fault(
      `${service.entry} is missing, so the ${service.name} cannot start; restore it with "git checkout ${service.entry}".`,
    )
  }
  const flags = watch ? ['--watch', '--watch-preserve-output'] : []
  return spawnLogged(service.name, node24, [...flags, service.entry], { env: service.env, watch })
}

/**
 * Starts the watching builds of the apps that offer one, for `npm run dev`.
 * @param {(name: string, start: () => Promise<import('node:child_process').ChildProcess>) => Promise<void>} launch
 */
export async function launchWatchingBuilds(launch) {
  for (const app of ['widget', 'console']) {
    const manifest = inRoot('apps', app, 'package.json')
    if (!existsSync(manifest) || JSON.parse(readFileSync(manifest, 'utf8')).scripts?.dev === undefined) continue
    await launch(`${app}-build`, async () =>
      spawnLogged(`${app}-build`, 'pnpm', ['--filter', `./apps/${app}`, 'run', 'dev'], { env: {}, watch: true }),
    )
  }
}

/**
 * Returns once every service answers /readyz with 200.
 * @param {ServiceDefinition[]} services
 * @param {import('./settings.mjs').Settings} settings
 * @param {{ failuresOf: (name: string) => number, note: (text: string) => void, signal: AbortSignal }} options
 */
export async function untilReady(services, settings, { failuresOf, note, signal }) {
  const deadline = Date.now() + patience
  const host = ['0.0.0.0', '::'].includes(settings.host) ? '127.0.0.1' : settings.host
  const waiting = new Set(services.map(({ name }) => name))
  await Promise.all(
    services.map(async ({ name, port }) => {
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/readyz`
      while (!(await answersOk(url))) {
        signal.throwIfAborted()
        if (failuresOf(name) >= triesBeforeReady) throw notReady(name, 'ends as soon as it starts')
        if (Date.now() > deadline) throw notReady(name, `did not get ready within ${patience / 1000} s (${url})`)
        await wait(50)
      }
      waiting.delete(name)
      note(`waiting for ${[...waiting].join(', ')}`)
    }),
  )
}

/** @param {string} url */
async function answersOk(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

/**
 * @param {string} name
 * @param {string} what
 */
function notReady(name, what) {
  const file = logFileOf(name)
  const words = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n') : ''
  return new Fault(`The ${name} ${what}; its last words are below, the whole log is ${file}.`, words)
}

/**
 * @param {string} name
 * @param {string} program
 * @param {string[]} args
 * @param {{ env: Record<string, string>, watch: boolean }} options
 */
function spawnLogged(name, program, args, { env, watch }) {
  const options = { cwd: root, env: { ...toolEnvironment(), ...env }, detached: true }
  const log = openSync(logFileOf(name), 'a', 0o600)
  const child = watch
    ? spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    : spawn(program, args, { ...options, stdio: ['ignore', log, log] })
  closeSync(log)
  const show = lineReader((line) => say(`[${name}] ${line}`))
  child.stdout?.on('data', show)
  child.stderr?.on('data', show)
  child.on('error', (error) => say(`! ${name}: ${error.message}`))
  return child
}
