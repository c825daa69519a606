import { closeOnSignal, createLogger } from '@dosti/runtime'
import { buildSite } from './app.ts'
import { readConfig } from './config.ts'

const config = readConfig()
const log = createLogger('site', config.LOG_LEVEL)
const app = buildSite({ config, log })
closeOnSignal(log, [['requests', () => app.close()]])
await app.listen({ host: config.HOST, port: config.PORT })
log.info({ port: config.PORT }, 'listening')
