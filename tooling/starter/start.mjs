import { rmSync } from 'node:fs'
import { Fault, printFault } from './faults.mjs'
import { inState, makeStateFolder, root } from './paths.mjs'
import { freePort, isPortFree } from './ports.mjs'
import { exists, isRunning, killAll, npmAbove, until } from './processes.mjs'
import { run, say, step } from './progress.mjs'
import { Running, cleanUpAfter, readRunning } from './running.mjs'
import { addressesOf, defineServices, launchWatchingBuilds, spawnService, untilReady } from './services.mjs'
import { publicPorts, readSettings } from './settings.mjs'
import { checkDisk, freshLogs, readDemo, readIdentity, writeIdentity, writePrivately } from './state.mjs'
import { bringPostgres, bringRedis, prepareDatabase } from './stores.mjs'
import { Supervisor } from './supervisor.mjs'
import { bringToolchain, checkMachine, toolEnvironment } from './toolchain.mjs'

const runningFile = inState('running.json')
const localFile = inState('local.json')
const parentWatchInterval = 1_000

/** @typedef {import('./settings.mjs').Settings} Settings */

const stopping = new AbortController()
/** @type {Running | undefined} */
let running
/** @type {Supervisor | undefined} */
let supervisor

listenForTheEnd()
try {
  const settings = readSettings(process.env, process.argv.slice(2))
  checkMachine()
  makeStateFolder()
  await takePlace(settings)
  await bringToolchain(stopping.signal)
  await buildAll()
  await bringUp(settings)
  await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }))
} catch (error) {
  if (!stopping.signal.aborted) {
    printFault(error)
    process.exitCode = 1
  }
}
await shutDown()
process.exit()

/**
 * Makes sure that we are the only one here and that our ports are free, before anything slow begins.
 * @param {Settings} settings
 */
async function takePlace({ portBase }) {
  const before = readRunning(runningFile)
  if (before !== undefined && isRunning(before.owner)) {
    const { owner } = before
    const leaving = () => !isRunning(owner) || readRunning(runningFile)?.stopping === true
    // One whose npm was ended a moment ago notices within a second.
    if (!(await until(leaving, 2 * parentWatchInterval))) throw alreadyRunning(owner.pid)
    await step('Waiting for the one before to stop', () => until(() => !isRunning(owner), 60_000))
  }
  const left = await cleanUpAfter(runningFile, [localFile])
  if (left > 0) say(`  Ended ${left} processes that an earlier start had left running.`)
  for (const [name, offset] of Object.entries(publicPorts)) {
    const port = portBase + offset
    if (await isPortFree(port)) continue
    throw new Fault(
      `Port ${port} (for the ${name}) is taken by another program; end that one, or choose other ports, e.g. PORT_BASE=${portBase + 100} npm start.`,
    )
  }
  checkDisk()
  freshLogs()
  running = new Running(runningFile)
  running.guard({ logFile: inState('logs', 'guardian.log'), removes: [localFile] })
}

/** @param {number} pid */
function alreadyRunning(pid) {
  return new Fault(
    `Dosti already runs from this folder (process ${pid}); stop it there with Ctrl-C, or clone a second copy and give it another PORT_BASE.`,
  )
}

async function buildAll() {
  stopping.signal.throwIfAborted()
  await step('Building', (note) =>
    run('turbo', ['run', 'generate', 'build', '--output-logs=new-only', '--no-daemon'], {
      cwd: root,
      env: toolEnvironment(),
      note,
      signal: stopping.signal,
      failed: 'The build failed; the lines below say where.',
    }),
  )
}

/** @param {Settings} settings */
async function bringUp(settings) {
  if (running === undefined) return
  const watched = running
  /** @type {(() => void) | undefined} */
  let publish
  const identity = readIdentity()
  const keeper = new Supervisor({ running: watched, onChange: () => publish?.() })
  supervisor = keeper
  const starter = { settings, identity, supervisor: keeper, running: watched }
  const databaseUrl = await bringPostgres(starter)
  stopping.signal.throwIfAborted()
  const redisUrl = await bringRedis(starter)
  writeIdentity(identity)
  await prepareDatabase(databaseUrl, stopping.signal)

  const demo = readDemo()
  const services = defineServices(settings, {
    databaseUrl,
    redisUrl,
    installation: identity.installation,
    publicKey: demo.publicKey,
    workerPort: await freePort(),
  })
  const { signal } = stopping
  await step('Starting the services', async (note) => {
    for (const service of services) {
      signal.throwIfAborted()
      await keeper.launch(service.name, 'service', () => spawnService(service, settings))
    }
    if (settings.watch) await launchWatchingBuilds((name, start) => keeper.launch(name, 'service', start))
    await untilReady(services, settings, { failuresOf: (name) => keeper.failuresOf(name), note, signal })
  })
  const urls = addressesOf(settings)
  publish = () => {
    const pids = Object.fromEntries(watched.records.map(({ name, pid }) => [name, pid]))
    writePrivately(localFile, { ...urls, demo: `${urls.site}/`, ...demo, databaseUrl, redisUrl, pids })
  }
  publish()
  welcome(urls, demo)
}

/**
 * @param {ReturnType<typeof addressesOf>} urls
 * @param {import('./state.mjs').Demo} demo
 */
function welcome(urls, demo) {
  const [agent] = demo.agents
  say(`
Dosti runs.

  Demo page   ${urls.site}/
  Console     ${urls.console}${agent === undefined ? '' : `   sign in as ${agent.email} with ${agent.password}`}
  Gateway     ${urls.gateway}   widget, Socket.IO, WebSocket
  API         ${urls.api}   REST

Keys and demo accounts are in .dosti/local.json, logs in .dosti/logs. Ctrl-C stops everything.`)
}

function listenForTheEnd() {
  let asked = 0
  const end = (/** @type {NodeJS.Signals} */ signal) => {
    // One Ctrl-C arrives twice, from the terminal and from npm; only a later one is a second wish.
    const again = stopping.signal.aborted && signal === 'SIGINT' && Date.now() - asked > 1_000
    asked ||= Date.now()
    if (again) {
      say('Stopping at once.')
      killAll(running?.records ?? [])
      rmSync(localFile, { force: true })
      process.exit(1)
    }
    stopping.abort()
  }
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, end)
  process.stdout.on('error', () => {}) // the terminal is gone; SIGHUP tells the rest
  // A killed npm leaves its script behind without a word; nothing may stay running then.
  if (process.env.npm_lifecycle_event === undefined) return
  const above = npmAbove()
  setInterval(() => {
    if (!above.every(exists)) stopping.abort()
  }, parentWatchInterval).unref()
}

async function shutDown() {
  supervisor?.stop()
  if (running === undefined) return
  if (running.records.length > 0) say('\nStopping.')
  await running.stop()
  rmSync(localFile, { force: true })
  if (process.exitCode === undefined) say('Stopped.')
}
