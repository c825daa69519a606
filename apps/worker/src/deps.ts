import { createRedisBus, type Bus } from '@dosti/bus'
import { createAlertStore, createDb, createEventLog, type AlertStore, type Db, type EventLog } from '@dosti/db'
import { createIds, createLogger, createMetrics, type Logger } from '@dosti/runtime'
import type { Config } from './config.ts'

export interface WorkerDeps {
  config: Config
  log: Logger
  db: Db
  bus: Bus
  eventLog: EventLog
  alerts: AlertStore
  metrics: ReturnType<typeof createMetrics>
}

/** Builds everything the worker stands on; opens connections but starts nothing. */
export async function createDeps(config: Config): Promise<WorkerDeps> {
  const log = createLogger('worker', config.LOG_LEVEL)
  const db = await createDb(config.DATABASE_URL, { name: 'dosti-worker' })
  return {
    config,
    log,
    db,
    bus: createRedisBus({ url: config.REDIS_URL, onLost: (error) => log.warn({ err: error }, 'a push was lost') }),
    eventLog: createEventLog(db, {
      ids: createIds(),
      onError: (error) => log.warn({ err: error }, 'the log cannot be followed'),
    }),
    alerts: createAlertStore(db),
    metrics: createMetrics('worker'),
  }
}
