import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { digest } from './secrets.ts'

/** Asks one dependency; resolves if it answers, rejects if not. */
export type Check = () => Promise<unknown>

export interface HealthOptions {
  /** Without these the service is not ready: 503. */
  required?: Record<string, Check>
  /** Without these it works with less: 200 and `degraded`. */
  optional?: Record<string, Check>
  registry: Registry
  metricsToken?: string | undefined
  /** True once the service is shutting down. */
  draining?: () => boolean
}

const CHECK_TIMEOUT_MS = 1000

/** The registry of a service, with Node's own figures and the dispatch's. */
export function createMetrics(service: string): {
  registry: Registry
  requests: Counter<'operation' | 'outcome'>
  seconds: Histogram<'operation'>
  /** Another counter of this service. */
  counter: (name: string, help: string) => Counter
  /** A value that is read when somebody asks for the metrics; NaN where that fails. */
  gauge: (name: string, help: string, read: () => Promise<number>) => void
} {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    requests: new Counter({
      name: 'dosti_requests_total',
      help: 'Operations by outcome: ok or an error code.',
      labelNames: ['operation', 'outcome'],
      registers: [registry],
    }),
    seconds: new Histogram({
      name: 'dosti_request_seconds',
      help: 'Time from the request to its reply, in seconds.',
      labelNames: ['operation'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 3],
      registers: [registry],
    }),
    counter: (name, help) => new Counter({ name, help, registers: [registry] }),
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers: [registry],
        collect: async () => gauge.set(await read().catch(() => Number.NaN)),
      })
    },
  }
}

/** `/healthz` (alive), `/readyz` (can serve, and what is amiss), `/metrics` (loopback or token). */
export function registerHealth(
  app: FastifyInstance,
  { required = {}, optional = {}, registry, metricsToken, draining }: HealthOptions,
): void {
  app.get('/healthz', async () => ({ status: 'alive' }))
  app.get('/readyz', async (_request, reply) => {
    const [must, may] = await Promise.all([ask(required), ask(optional)])
    const stopping = draining?.() ?? false
    const ready = !stopping && Object.values(must).every((state) => state === 'ok')
    const whole = Object.values(may).every((state) => state === 'ok')
    return reply.code(ready ? 200 : 503).send({
      status: stopping ? 'stopping' : !ready ? 'unavailable' : whole ? 'ready' : 'degraded',
      checks: { ...must, ...may },
    })
  })
  app.get('/metrics', async (request, reply) => {
    const loopback = ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(request.ip)
    if (!loopback && !bearerMatches(request.headers.authorization, metricsToken)) return reply.callNotFound()
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

async function ask(checks: Record<string, Check>): Promise<Record<string, 'ok' | 'away'>> {
  const entries = Object.entries(checks).map(async ([name, check]) => {
    const timeout = Promise.withResolvers<never>()
    const timer = setTimeout(() => timeout.reject(new Error('timeout')), CHECK_TIMEOUT_MS)
    const state = await Promise.race([check(), timeout.promise]).then(
      () => 'ok' as const,
      () => 'away' as const,
    )
    clearTimeout(timer)
    return [name, state] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

function bearerMatches(header: string | undefined, token: string | undefined): boolean {
  if (!token || !header) return false
  return timingSafeEqual(Buffer.from(digest(header)), Buffer.from(digest(`Bearer ${token}`)))
}
