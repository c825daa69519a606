import { join } from 'node:path'
import { closeOnSignal, createLogger } from '@dosti/runtime'
import { buildConsole } from './app.ts'
import { readConfig } from './config.ts'

const config = readConfig()
const log = createLogger('console', config.LOG_LEVEL)
let draining = false
const app = await buildConsole({ config, log, dist: join(import.meta.dirname, '../dist'), draining: () => draining })
closeOnSignal(log, [
  ['drain', () => (draining = true)],
  ['http', () => app.close()],
])
await app.listen({ host: config.HOST, port: config.PORT })
log.info({ address: app.server.address() }, 'listening')
