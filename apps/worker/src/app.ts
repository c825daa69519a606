import { tellRaised } from '@dosti/conversations'
import { createHttp, registerHealth, repeat } from '@dosti/runtime'
import type { FastifyInstance } from 'fastify'
import { createAlertQueue } from './alert-queue.ts'
import type { WorkerDeps } from './deps.ts'
import { createHint, step } from './follow-log.ts'

export interface WorkerApp {
  /** Health and metrics. */
  app: FastifyInstance
  /** Stops following and waits for the alerts under way. */
  close(): Promise<void>
}

/** The sweep looks this often, in milliseconds, and takes up what has been due for as long: its job was lost, or never added. */
const SWEEP_EVERY_MS = 5000
const SWEEP_MAX = 500

/** Starts the worker: follows the log, rings the alerts, sweeps up what Redis lost. */
export function startWorker({ config, log, db, bus, eventLog, alerts, metrics }: WorkerDeps): WorkerApp {
  const ending = new AbortController()
  const queue = createAlertQueue(
    config.REDIS_URL,
    async ({ workspaceId, alertId }) => {
      const raised = await alerts.take(workspaceId, alertId)
      if (raised) bus.publish([tellRaised(raised)])
    },
    log,
  )
  const add: typeof queue.add = (rows) =>
    queue.add(rows).catch((error: unknown) => log.warn({ err: error }, 'alerts wait for the sweep'))

  const hint = createHint()
  bus.subscribe((told) => {
    if (told.some(({ event }) => event.name === 'message.sent')) hint.give()
  })
  const following = eventLog.lead(async (ledLog, signal) => {
    log.info('leading the log')
    while (!signal.aborted) if (!(await step(ledLog, add))) await hint.wait(signal)
  }, ending.signal)

  const endSweeping = repeat(
    SWEEP_EVERY_MS,
    async () => add(await alerts.due(SWEEP_MAX, SWEEP_EVERY_MS)),
    log,
    'the sweep failed',
  )

  metrics.gauge(
    'dosti_log_lag_seconds',
    'How long the oldest event waits that the follower of the log has not dealt with.',
    async () => (await eventLog.lagMs()) / 1000,
  )
  const app = createHttp({ log })
  registerHealth(app, {
    required: { postgres: () => db.ready() },
    optional: { redis: () => bus.ping() },
    registry: metrics.registry,
    metricsToken: config.METRICS_TOKEN,
  })
  return {
    app,
    async close() {
      ending.abort()
      endSweeping()
      await Promise.all([following, queue.close(), app.close()])
    },
  }
}
