import { existsSync } from 'node:fs'
import { Fault } from './faults.mjs'
import { inRoot, inState, root } from './paths.mjs'
import { freePort } from './ports.mjs'
import { startPostgres } from './postgres.mjs'
import { run, say, step } from './progress.mjs'
import { findRedis, startJsRedis, startRedis } from './redis.mjs'
import { logFileOf } from './services.mjs'
import { node24, toolEnvironment } from './toolchain.mjs'

/** @typedef {import('./settings.mjs').Settings} Settings */
/** @typedef {import('./state.mjs').Identity} Identity */
/** @typedef {import('./supervisor.mjs').Supervisor} Supervisor */
/** @typedef {import('./running.mjs').Running} Running */

/**
 * The database: the given one, else the embedded Postgres, durable and with its data in .dosti.
 * @param {{ settings: Settings, identity: Identity, supervisor: Supervisor, running: Running }} starter
 * @returns {Promise<string>} its address
 */
export async function bringPostgres({ settings, identity, supervisor, running }) {
  if (settings.databaseUrl !== undefined) return settings.databaseUrl
  identity.postgresPort = await freePort(identity.postgresPort)
  let address = ''
  await step('Starting Postgres', () =>
    supervisor.launch('postgres', 'postgres', async () => {
      const { url, child, note } = await startPostgres({
        data: inState('postgres'),
        logFile: logFileOf('postgres'),
        port: identity.postgresPort,
        password: identity.postgresPassword,
        database: 'dosti',
        settings: ['max_connections=200'],
        onSpawn: ({ pid }) => running.add('postgres', 'postgres', pid),
      })
      if (note !== undefined && address === '') say(`  ${note}`)
      address = url.replace(/postgres$/, 'dosti')
      return child
    }),
  )
  return address
}

/**
 * Redis: the given one, else a real one from the path with its data in .dosti, else the JavaScript one.
 * @param {{ settings: Settings, identity: Identity, supervisor: Supervisor, running: Running }} starter
 * @returns {Promise<string>} its address
 */
export async function bringRedis({ settings, identity, supervisor, running }) {
  if (settings.redisUrl !== undefined) return settings.redisUrl
  identity.redisPort = await freePort(identity.redisPort)
  const common = {
    port: identity.redisPort,
    logFile: logFileOf('redis'),
    onSpawn: (/** @type {import('node:child_process').ChildProcess} */ { pid }) => running.add('redis', 'redis', pid),
  }
  const program = findRedis()
  let address = ''
  await step(program === undefined ? 'Starting the JavaScript Redis' : `Starting ${program}`, () =>
    supervisor.launch('redis', 'redis', async () => {
      const { url, child } =
        program === undefined
          ? await startJsRedis({ node: node24, ...common })
          : await startRedis({ program, data: inState('redis'), password: identity.redisPassword, ...common })
      address = url
      return child
    }),
  )
  if (program === undefined) {
    say(
      '  No redis-server or valkey-server is on the path: this one is for trying out and forgets alerts under way when it ends.',
    )
  }
  return address
}

/**
 * Brings the database up to date and fills it with the demo workspaces, once.
 * @param {string} databaseUrl
 * @param {AbortSignal} signal
 */
export async function prepareDatabase(databaseUrl, signal) {
  const env = { ...toolEnvironment(), DATABASE_URL: databaseUrl }
  const script = async (
    /** @type {string[]} */ args,
    /** @type {(text: string) => void} */ note,
    /** @type {string} */ failed,
  ) => {
    const [entry = ''] = args
    if (!existsSync(inRoot(entry)))
      throw new Fault(`${entry} is missing; restore it with "git checkout ${entry}" and start again.`)
    await run(node24, args, { cwd: root, env, note, signal, failed })
  }
  await step('Bringing the database up to date', (note) =>
    script(
      ['packages/db/bin/migrate.ts'],
      note,
      'The database could not be brought up to date; what went wrong is below.',
    ),
  )
  await step('Filling in the demo', (note) =>
    script(
      ['packages/db/bin/seed.ts', '--credentials', inState('demo.json')],
      note,
      'The demo could not be written into the database; what went wrong is below.',
    ),
  )
}
