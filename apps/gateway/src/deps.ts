import { createAccounts, type Accounts } from '@dosti/accounts'
import { createRedisBus, type Bus } from '@dosti/bus'
import { OPERATIONS, type OperationName } from '@dosti/contracts'
import { createConversations } from '@dosti/conversations'
import {
  createAccountStore,
  createAlertStore,
  createConversationStore,
  createDb,
  createLogReader,
  type AlertStore,
  type Db,
  type LogReader,
} from '@dosti/db'
import {
  createDispatch,
  createGuessFence,
  createIds,
  createLimits,
  createLogger,
  createMetrics,
  digest,
  hashPassword,
  limitsHold,
  randomToken,
  verifyPassword,
  type Dispatch,
  type Logger,
} from '@dosti/runtime'
import type { Config } from './config.ts'

export interface GatewayDeps {
  config: Config
  log: Logger
  db: Db
  bus: Bus
  dispatch: Dispatch
  alerts: Pick<AlertStore, 'rung'>
  logReader: LogReader
  identify: Accounts['identify']
  agentOfTicket: Accounts['agentOfTicket']
  revokedWithin: Accounts['revokedWithin']
  metrics: ReturnType<typeof createMetrics>
}

/** Builds everything the gateway stands on; opens connections but does not listen. */
export async function createDeps(config: Config): Promise<GatewayDeps> {
  const log = createLogger('gateway', config.LOG_LEVEL)
  const metrics = createMetrics('gateway')
  const ids = createIds()
  const clock = Date.now
  const stopwatch = () => performance.now()
  const limits = createLimits(limitsHold(config))
  const db = await createDb(config.DATABASE_URL)
  const bus = createRedisBus({ url: config.REDIS_URL, onLost: (error) => log.debug({ err: error }, 'a push was lost') })
  const accountStore = createAccountStore(db)
  const accounts = createAccounts({
    store: accountStore,
    secrets: { token: randomToken, digest, hashPassword, verifyPassword },
    clock,
    stopwatch,
    ids,
    publisher: bus,
    fence: createGuessFence(limits),
  })
  const store = createConversationStore(db, { ids })
  bus.subscribe((told) => store.hear(told))
  const conversations = createConversations({
    store,
    publisher: bus,
    agents: accountStore,
    clock,
    stopwatch,
    defer: setImmediate,
  })
  const overSockets = Object.fromEntries(
    Object.entries({ ...accounts.handlers, ...conversations }).filter(
      ([name]) => OPERATIONS[name as OperationName].over === 'all',
    ),
  )
  const dispatch = createDispatch({ handlers: overSockets, limits, log, metrics })
  return {
    config,
    log,
    db,
    bus,
    dispatch,
    alerts: createAlertStore(db),
    logReader: createLogReader(db),
    identify: accounts.identify,
    agentOfTicket: accounts.agentOfTicket,
    revokedWithin: accounts.revokedWithin,
    metrics,
  }
}
