import { createAccounts, type Accounts } from '@dosti/accounts'
import { createRedisBus, type Bus } from '@dosti/bus'
import { createConversations, createNewestMessages, pollMessages, type PollMessages } from '@dosti/conversations'
import { createAccountStore, createConversationStore, createDb, type Db } from '@dosti/db'
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
  type Limits,
  type Logger,
} from '@dosti/runtime'
import type { Config } from './config.ts'

export interface ApiDeps {
  config: Config
  log: Logger
  db: Db
  bus: Bus
  dispatch: Dispatch
  poll: PollMessages
  /** Answers the polls that are held back, for the process ends. */
  endPolls: () => void
  accounts: Accounts
  limits: Limits
  metrics: ReturnType<typeof createMetrics>
}

/** Builds everything the api stands on; opens connections but does not listen. */
export async function createDeps(config: Config): Promise<ApiDeps> {
  const log = createLogger('api', config.LOG_LEVEL)
  const metrics = createMetrics('api')
  const ids = createIds()
  const clock = Date.now
  const stopwatch = () => performance.now()
  const limits = createLimits(limitsHold(config))
  const db = await createDb(config.DATABASE_URL)
  const bus = createRedisBus({ url: config.REDIS_URL, onLost: (error) => log.debug({ err: error }, 'a push was lost') })
  const accountStore = createAccountStore(db)
  const store = createConversationStore(db, { ids })
  const accounts = createAccounts({
    store: accountStore,
    secrets: { token: randomToken, digest, hashPassword, verifyPassword },
    clock,
    stopwatch,
    ids,
    publisher: bus,
    fence: createGuessFence(limits),
  })
  const conversations = createConversations({
    store,
    publisher: bus,
    agents: accountStore,
    clock,
    stopwatch,
    defer: setImmediate,
  })
  const newest = createNewestMessages(stopwatch, later)
  bus.subscribe((told) => newest.hear(told))
  bus.subscribe((told) => store.hear(told))
  const dispatch = createDispatch({ handlers: { ...accounts.handlers, ...conversations }, limits, log, metrics })
  return {
    config,
    log,
    db,
    bus,
    dispatch,
    poll: pollMessages({ store, newest, clock, stopwatch }),
    endPolls: () => newest.close(),
    accounts,
    limits,
    metrics,
  }
}

function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
