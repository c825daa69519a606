/** T15 to T19: Redis dies, freezes, is not there, is full, forgets. */
import { setTimeout as wait } from 'node:timers/promises'
import { answersBetween, inWords } from './fault-times.ts'
import { lasting, overRedis, someGateway, type Fault } from './fault.ts'

const killRedis: Fault = {
  id: 'T15',
  title: 'SIGKILL Redis, with and without its file',
  async inject(stage) {
    const { world, crowd, random } = stage
    await crowd.bringWaiting(2)
    await world.redis.kill()
    const waiting = crowd.bringWaiting(2)
    await wait(lasting(stage, [500, 1500], [1000, 5000]))
    await waiting
    await world.redis.restart({ keepsData: random.chance(0.5) })
  },
}

const freezeRedis: Fault = {
  id: 'T16',
  title: 'SIGSTOP Redis',
  async inject(stage) {
    const { world, crowd } = stage
    world.redis.freeze()
    const from = Date.now()
    const waiting = crowd.bringWaiting(2)
    await wait(lasting(stage, [4000, 6000], [30_000, 30_000]))
    const until = Date.now()
    world.redis.thaw()
    await waiting
    const answers = answersBetween(crowd.recording.attempts, from, until)
    stage.expect(
      'sends and polls are answered all the same, 99 of 100 within a second',
      answers.n > 0 && answers.refused + answers.lost === 0 && answers.p99Ms < 1000,
      inWords(answers),
    )
  },
}

const freezeRedisForLong: Fault = {
  id: 'T16L',
  title: 'SIGSTOP Redis for longer than a node remembers what it told',
  once: true,
  async inject({ world }) {
    world.redis.freeze()
    await wait(180_000)
    world.redis.thaw()
    // What lay in its sockets is pushed now. All of it has been told from the log.
    await wait(2000)
  },
}

const startWithoutRedis: Fault = {
  id: 'T17',
  title: 'no Redis at the start, there later',
  async inject(stage) {
    const { world, crowd } = stage
    const { service } = someGateway(stage)
    await world.redis.kill()
    for (const one of [service, world.worker.service]) {
      const { tookMs, inOrder } = await one.stop()
      stage.expect(`${one.name} ends in order without Redis`, inOrder, `after ${tookMs} ms`)
    }
    const started = Promise.all([service.start(), world.worker.service.start()]).then(
      () => true,
      () => false,
    )
    const booted = await Promise.race([started, wait(15_000, false)])
    const health = booted ? await statusOf(service.url) : 'not started'
    const waiting = booted ? crowd.bringWaiting(2) : undefined
    await wait(lasting(stage, [1000, 2000], [10_000, 30_000]))
    await world.redis.restart()
    await started
    await waiting
    stage.expect('it starts without Redis and says so', health === 'degraded', health)
  },
}

const fullRedis: Fault = {
  id: 'T18',
  title: "Redis' memory is full",
  inject: (stage) =>
    overRedis(stage.world, async (redis) => {
      await redis.config('SET', 'maxmemory', '1')
      const refusal = await redis.set('chaos', 'x').catch(String)
      stage.expect('Redis takes nothing more', refusal.includes('OOM'), refusal)
      await stage.crowd.bringWaiting(2)
      await wait(lasting(stage, [1500, 2500], [3000, 8000]))
      await redis.config('SET', 'maxmemory', '0')
    }),
}

const flushRedis: Fault = {
  id: 'T19',
  title: 'FLUSHALL in flight',
  inject: (stage) =>
    overRedis(stage.world, async (redis) => {
      const waiting = stage.crowd.bringWaiting(stage.random.between(2, 5))
      for (let index = 0; index < 10; index += 1) {
        await redis.flushall()
        await wait(stage.random.between(5, 60))
      }
      await waiting
    }),
}

async function statusOf(url: string): Promise<string> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(4000) })
  return ((await response.json()) as { status: string }).status
}

export const redisFaults: readonly Fault[] = [
  killRedis,
  freezeRedis,
  freezeRedisForLong,
  startWithoutRedis,
  fullRedis,
  flushRedis,
]
