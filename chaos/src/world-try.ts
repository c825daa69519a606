import { createRandom } from './random.ts'
import { startWorld } from './world.ts'
console.time('up')
const world = await startWorld(createRandom(1))
console.timeEnd('up')
const r = await fetch(`http://127.0.0.1:${world.api.edge.port}/readyz`)
console.log(await r.text(), world.gateways[0].service.descriptors(), world.misbehaviours)
await world.close()
console.log('closed')
setInterval(() => { console.log(process.getActiveResourcesInfo().length, process._getActiveHandles().map((h) => [h.constructor.name, h.remotePort, h.localPort, h.destroyed, h.spawnfile]), process.cpuUsage()) }, 4000)
setTimeout(() => process.exit(0), 13000)
