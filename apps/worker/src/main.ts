import { closeOnSignal } from '@dosti/runtime'
import { startWorker } from './app.ts'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'

const config = readConfig()
const deps = await createDeps(config)
const worker = startWorker(deps)
closeOnSignal(deps.log, [
  ['work', () => worker.close()],
  ['bus', () => deps.bus.close()],
  ['database', () => deps.db.close()],
])
await worker.app.listen({ host: config.HOST, port: config.PORT })
deps.log.info({ port: config.PORT }, 'listening')
