import { Fault } from './faults.mjs'

/**
 * What the person who starts may choose by the environment; everything else follows from it.
 * @typedef {object} Settings
 * @property {number} portBase
 * @property {string} host
 * @property {'off' | undefined} limits
 * @property {string} logLevel
 * @property {string | undefined} databaseUrl
 * @property {string | undefined} redisUrl
 * @property {boolean} watch
 */

/** The ports that a copy takes, counted from PORT_BASE. */
export const publicPorts = /** @type {const} */ ({ gateway: 0, api: 1, console: 2, site: 3 })

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} args
 * @returns {Settings}
 */
export function readSettings(env, args) {
  const portBase = Number(env.PORT_BASE || 4000)
  if (!Number.isInteger(portBase) || portBase < 1024 || portBase > 65_000) {
    throw new Fault(`PORT_BASE is "${env.PORT_BASE}"; give a whole number from 1024 to 65000, e.g. PORT_BASE=5000.`)
  }
  const host = env.HOST || '127.0.0.1'
  const limits = env.LIMITS || undefined
  if (limits !== undefined && limits !== 'off') {
    throw new Fault(`LIMITS is "${limits}"; it may be "off" (for load tests) or not set.`)
  }
  if (limits === 'off' && !isLoopback(host)) {
    throw new Fault(
      `LIMITS=off is refused while HOST is ${host}: without limits only loopback may listen. Unset one of them.`,
    )
  }
  const unknown = args.find((arg) => arg !== '--watch')
  if (unknown !== undefined) throw new Fault(`"${unknown}" is not known here; the only option is --watch.`)
  return {
    portBase,
    host,
    limits,
    logLevel: env.LOG_LEVEL || 'info',
    databaseUrl: url(env, 'DATABASE_URL', ['postgres:', 'postgresql:']),
    redisUrl: url(env, 'REDIS_URL', ['redis:', 'rediss:']),
    watch: args.includes('--watch'),
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @param {string[]} protocols
 */
function url(env, name, protocols) {
  const value = env[name] || undefined
  if (value === undefined) return undefined
  if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value
  throw new Fault(`${name} is not an address that begins with ${protocols[0]}//; correct or unset it.`)
}

/** @param {string} host */
function isLoopback(host) {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
