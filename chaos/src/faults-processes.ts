/** T1 to T6: the processes of the product die, freeze, throw and are replaced. */
import { fileURLToPath } from 'node:url'
import { setTimeout as wait } from 'node:timers/promises'
import { lasting, overRedis, someGateway, type Fault } from './fault.ts'
import { clearUp } from './proxy.ts'

const THROW_ON_SIGNAL = fileURLToPath(new URL('preload/throw-on-signal.mjs', import.meta.url))

const killGateway: Fault = {
  id: 'T1',
  title: 'SIGKILL a gateway under load',
  async inject(stage) {
    const { service } = someGateway(stage)
    await service.kill()
    await wait(stage.random.between(0, 500))
    await service.start()
  },
}

const killWorker: Fault = {
  id: 'T2',
  title: 'SIGKILL the worker in a job',
  async inject({ world, crowd, random }) {
    const waiting = crowd.bringWaiting(random.between(3, 8))
    await wait(random.between(0, 60))
    await world.worker.service.kill()
    await waiting
    await world.worker.service.start()
  },
}

const rollingRestart: Fault = {
  id: 'T3',
  title: 'SIGTERM, gateways and api, one after the other',
  async inject(stage) {
    const { gateways, api } = stage.world
    for (const { service } of stage.random.shuffled([...gateways, api])) {
      const { tookMs, inOrder } = await service.stop()
      stage.expect('it ends in order when asked', inOrder, `${service.name} after ${tookMs} ms`)
      await service.start()
      await wait(stage.random.between(200, 800))
    }
  },
}

const throwInHandler: Fault = {
  id: 'T4',
  title: 'an exception that nobody catches',
  async inject(stage) {
    const node = someGateway(stage)
    const { service } = node
    await service.stop()
    await service.start(['--import', THROW_ON_SIGNAL])
    await wait(300)
    service.expectEnd()
    const [before, from] = [service.pid, Date.now()]
    service.signal('SIGUSR2')
    while (service.pid === before || !(await isReady(service.url))) {
      if (Date.now() - from > 15_000) break
      await wait(25)
    }
    const tookMs = Date.now() - from
    // It takes two seconds of a free core; here a whole crowd shares it.
    stage.expect('only that process is started again, within 5 s', tookMs < 5000, `${tookMs} ms`)
  },
}

const freezeGateway: Fault = {
  id: 'T5',
  title: 'SIGSTOP a gateway for longer than its pings, then SIGCONT',
  async inject(stage) {
    const { service } = someGateway(stage)
    service.signal('SIGSTOP')
    await wait(lasting(stage, [6000, 8000], [50_000, 55_000]))
    service.signal('SIGCONT')
  },
}

const killRelay: Fault = {
  id: 'T6',
  title: 'SIGKILL the worker between the alert row and its job',
  async inject({ world, crowd, expect }) {
    const { worker } = world
    worker.toRedis.weather.frozen = true
    const ids = await crowd.bringWaiting(3)
    const rows = () =>
      world.sql("SELECT id FROM alert WHERE visitor_id = ANY ($1) AND step = 1 AND status = 'due'", [ids])
    const end = Date.now() + 10_000
    while ((await rows()).length < ids.length && Date.now() < end) await wait(10)
    const found = await rows()
    const jobs = await overRedis(world, (redis) => redis.exists(found.map(({ id }) => `dosti:alerts:${String(id)}`)))
    await worker.service.kill()
    clearUp(worker.toRedis)
    worker.toRedis.reset()
    await worker.service.start()
    expect(
      'the rows were there and their jobs were not',
      found.length === ids.length && jobs === 0,
      `${found.length} of ${ids.length} rows, ${jobs} jobs`,
    )
  },
}

async function isReady(url: string): Promise<boolean> {
  return await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1000) }).then(
    async (response) => {
      await response.arrayBuffer()
      return response.ok
    },
    () => false,
  )
}

export const processFaults: readonly Fault[] = [
  killGateway,
  killWorker,
  rollingRestart,
  throwInHandler,
  freezeGateway,
  killRelay,
]
