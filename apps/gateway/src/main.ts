import { closeOnSignal } from '@dosti/runtime'
import { buildGateway, createDeps } from './app.ts'
import { readConfig } from './config.ts'

const config = readConfig()
const deps = await createDeps(config)
const gateway = await buildGateway(deps)
closeOnSignal(
  deps.log,
  [
    ['sockets', () => gateway.close()],
    ['bus', () => deps.bus.close()],
    ['database', () => deps.db.close()],
  ],
  config.DRAIN_MS + 15_000,
)
// After a crash thousands come back at once; whom the system has no room to hold is left waiting for seconds without a word.
const HELD_BY_SYSTEM = 4096
await gateway.app.listen({ host: config.HOST, port: config.PORT, backlog: HELD_BY_SYSTEM })
deps.log.info({ port: config.PORT }, 'listening')
