import { closeOnSignal } from '@dosti/runtime'
import { buildApi, createDeps } from './app.ts'
import { readConfig } from './config.ts'

const config = readConfig()
const deps = await createDeps(config)
const app = await buildApi(deps)
closeOnSignal(deps.log, [
  ['requests', () => app.close()],
  ['bus', () => deps.bus.close()],
  ['database', () => deps.db.close()],
])
await app.listen({ host: config.HOST, port: config.PORT })
deps.log.info({ port: config.PORT }, 'listening')
