/** What years of use cost: the same sends and polls over ten thousand stored events, a million, and with --full ten million. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Request } from '../load/requests.ts'
import { fillStreams } from '../src/fill.ts'
import { takeWarmTurns, type Figure, type Measure, type Row } from '../src/figure.ts'
import type { Node } from '../src/processes.ts'
import { createWorld, type World } from '../src/world.ts'
import { microsOf } from './sends.ts'

/** Messages per visitor; the number of visitors makes the size. */
const MESSAGES = 25
const READ = 20
/** Visitors who are polled, and as many others who are sent to: the same number at every size, spread over all. */
const EACH = 200

interface Grown {
  world: World
  api: Node
  cursor: number
  visitors: number
}

export const growth: Measure = async ({ flags, running, generator, stores, say }) => {
  const sizes = flags.quick ? [10_000, 20_000] : [10_000, 1_000_000, ...(flags.full ? [10_000_000] : [])]
  const grown: Record<string, Grown> = {}
  for (const size of sizes) {
    const started = performance.now()
    const world = await createWorld(running, stores, `grown_${size}`)
    const visitors = size / MESSAGES
    const filled = await fillStreams(world.sql, { prefix: 'old', visitors, messages: MESSAGES })
    say(`${size.toLocaleString('en')} events stored in ${((performance.now() - started) / 1000).toFixed(0)} s`)
    grown[size] = { world, api: await world.api(), cursor: filled.at(MESSAGES - READ), visitors }
  }
  // What the fills left dirty is written before anything is measured.
  await Object.values(grown)[0]?.world.sql.query('CHECKPOINT')
  await wait(flags.quick ? 0 : 3000)
  const ask =
    ({ api }: Grown, requests: Request[], expect: string) =>
    async () => {
      const result = await generator.run<'requests'>({
        kind: 'requests',
        server: api.url,
        requests,
        connections: flags.quick ? 8 : 64,
        warmUpMs: flags.warmUpMs,
        measureMs: flags.measureMs,
        expect,
        stops: false,
        pids: { server: api.pid, postgres: stores.postgresPid, redis: stores.redisPid },
      })
      if (result.failed > 0) throw new Error(`${result.failed} requests failed: ${api.output().slice(-2000)}`)
      return result
    }
  const contestants = Object.fromEntries(
    Object.entries(grown).flatMap(([size, one]) => [
      [`poll ${size}`, ask(one, polls(one), `message ${MESSAGES} `)],
      [`send ${size}`, ask(one, sends(one), '"success":true')],
    ]),
  )
  say(
    `poll of ${READ} and send at ${sizes.map((size) => size.toLocaleString('en')).join(', ')} events in turn, ${flags.repeats} times`,
  )
  const results = await takeWarmTurns(flags.repeats, contestants)
  for (const { api } of Object.values(grown)) await api.stop()
  const [smallest = 0, ...larger] = sizes
  const rows = ['poll', 'send'].flatMap((what) =>
    larger.map((size): Row => {
      const [ours, least] = [results[`${what} ${size}`] ?? [], results[`${what} ${smallest}`] ?? []]
      return {
        what: `${what}, time a request at ${size.toLocaleString('en')} events`,
        unit: 'µs',
        ours: ours.map(({ perSecond }) => 1e6 / perSecond),
        baseline: {
          name: `at ${smallest.toLocaleString('en')}`,
          values: least.map(({ perSecond }) => 1e6 / perSecond),
        },
        budget: { ratioAtMost: 1.2 },
        note: `CPU a request: ${microsOf(ours)}; at ${smallest.toLocaleString('en')}: ${microsOf(least)}`,
      }
    }),
  )
  return {
    name: 'growth',
    title: 'Send and poll over a long past',
    durability: 'fsync on, synchronous_commit on',
    rows,
    raw: results,
  } satisfies Figure
}

const spreadOver = (visitors: number, offset: 0 | 1) =>
  Array.from({ length: EACH }, (_, index) => `old-${Math.floor(((2 * index + offset) * visitors) / (2 * EACH))}`)

const polls = (one: Grown) => spreadOver(one.visitors, 0).map((id) => pollOf(one, id))
const sends = (one: Grown) => spreadOver(one.visitors, 1).map((id) => sendOf(one, id))

function pollOf({ world, cursor }: Grown, visitorId: string): Request {
  return { method: 'GET', path: `/api/chat/poll?apiKey=${world.key}&visitorId=${visitorId}&lastTimestamp=${cursor}` }
}

function sendOf({ world }: Grown, visitorId: string): Request {
  return {
    method: 'POST',
    path: '/api/chat/send',
    body: JSON.stringify({ apiKey: world.key, visitorId, message: 'One more.' }),
  }
}
