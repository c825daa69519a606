import { z } from 'zod'

/**
 * The service's configuration from the environment, parsed once before anything opens. Empty variables count as missing.
 * Prints every problem at once and ends the process with status 1, because a half-configured service must not start.
 */
export function readEnv<S extends z.ZodType>(schema: S): z.output<S> {
  const given = Object.fromEntries(
    Object.entries(process.env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
  process.stderr.write(`The configuration is not complete. See .env.example.\n${problems.join('\n')}\n`)
  process.exit(1)
}

const url = (protocols: RegExp) =>
  z.url({ protocol: protocols, error: (issue) => (issue.input === undefined ? 'is missing' : 'is not a URL') })
const port = z.coerce.number().int().min(0).max(65_535)
const httpUrl = url(/^https?$/)

/** Variables of every service. */
export const serviceEnv = {
  /** Address to listen on. */
  HOST: z.string().default('127.0.0.1'),
  /** Port to listen on; 0 takes a free one. */
  PORT: port,
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  /** Lets a monitor from elsewhere read /metrics; without it only loopback may. */
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
}

/** Variables of services that keep data. */
export const dataEnv = {
  DATABASE_URL: url(/^postgres(ql)?$/),
  REDIS_URL: url(/^rediss?$/),
}

/** `off` switches request limits off for load tests; refused beyond loopback. */
export const limitsEnv = { LIMITS: z.enum(['on', 'off']).default('on') }

/** Where browsers find the other services. */
export const addressEnv = {
  gateway: { GATEWAY_URL: httpUrl },
  api: { API_URL: httpUrl },
  console: { CONSOLE_URL: httpUrl },
}

/** A comma list of proxy addresses or CIDR ranges whose X-Forwarded-For is believed; nobody's by default. */
export const proxyEnv = {
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    ),
}

/** Whether limits hold; throws where switching them off would expose an open port. */
export function limitsHold(env: { LIMITS: 'on' | 'off'; HOST: string }): boolean {
  if (env.LIMITS === 'on') return true
  if (['127.0.0.1', 'localhost', '::1'].includes(env.HOST)) return false
  process.stderr.write(
    `LIMITS=off is for load tests on this machine alone; HOST is ${env.HOST}. Unset LIMITS or listen on 127.0.0.1.\n`,
  )
  process.exit(1)
}
