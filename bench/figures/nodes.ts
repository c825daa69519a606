/** A second node: what the way through Redis adds, and what one node alone pays for Redis being there. */
import type { Handshake } from '../load/socket.ts'
import { takeWarmTurns, type Figure, type Measure, type Row, type Setting } from '../src/figure.ts'
import { startNode, type Node } from '../src/processes.ts'
import { busyOf, microsOf } from './sends.ts'

const RATES = [500, 2000]
const SUPPORT: Handshake = { query: { role: 'agent' } }

/** What is judged is stored as ours is: a store has the machine beside its nodes, and they wait for a core oftener. */
const BASELINES = {
  insert: 'one prepared INSERT + @socket.io/redis-adapter',
  relay: '@socket.io/redis-adapter, storing nothing',
}

/** A second node is a machine of its own; on two cores it shares one, with the first or with the generator. */
const PLACES = [
  { farCore: 1, where: 'beside the generator' },
  { farCore: 0, where: 'on the core of the first' },
]

export const nodes: Measure = async (setting) => {
  const pairs = []
  for (const place of PLACES) for (const perSecond of RATES) pairs.push(await nearAndFar(setting, place, perSecond))
  const alone = await withAndWithoutRedis(setting)
  return {
    name: 'nodes',
    title: 'A second node, and the price of Redis for one alone',
    durability: 'ours and INSERT: fsync on, synchronous_commit on, told after the commit; the relay stores nothing',
    rows: [...pairs.flatMap(({ rows }) => rows), alone.row],
    raw: { pairs: pairs.map(({ raw }) => raw), alone: alone.raw },
  } satisfies Figure
}

async function nearAndFar(
  { flags, running, generator, stores, world, baselineUrl, say }: Setting,
  { farCore, where }: (typeof PLACES)[number],
  perSecond: number,
) {
  const baseline = (file: string, args: string[]) => (core: number) =>
    startNode(running, {
      entry: `bench/baselines/${file}.ts`,
      args: ['{port}', ...args, stores.redisUrl],
      readyPath: '/hello',
      core,
    })
  const pair = async (start: (core: number, name: string) => Promise<Node>): Promise<[near: Node, far: Node]> => [
    await start(0, 'near'),
    await start(farCore, 'far'),
  ]
  const ours = await pair((core, name) => world.gateway({ core, env: { NODE_NAME: name } }))
  const insert = await pair(baseline('insert', [baselineUrl]))
  const relay = await pair(baseline('relay', []))
  const run =
    ([near, far]: [Node, Node], listener: () => Promise<Handshake>, heardAs: string) =>
    async () => {
      const result = await generator.run<'deliveries'>({
        kind: 'deliveries',
        server: near.url,
        visitors: world.visitors(100),
        listener: await listener(),
        far: { server: far.url, listener: await listener() },
        heardAs,
        perSecond: flags.quick ? 100 : perSecond,
        warmUpMs: flags.warmUpMs,
        measureMs: flags.measureMs,
        pids: { server: near.pid, other: far.pid, postgres: stores.postgresPid, redis: stores.redisPid },
      })
      if (result.added === undefined || result.heard < result.sent)
        throw new Error(`${result.heard} of ${result.sent} were heard on both nodes: ${far.output().slice(-1000)}`)
      return { ...result, added: result.added }
    }
  say(
    `two nodes, the second ${where}: ours, INSERT and relay over the adapter in turn, ${perSecond} messages a second, ${flags.repeats} times`,
  )
  const results = await takeWarmTurns(flags.repeats, {
    ours: run(ours, () => world.agent(), 'message.sent'),
    insert: run(insert, async () => SUPPORT, 'message'),
    relay: run(relay, async () => SUPPORT, 'message'),
  })
  for (const node of [...ours, ...insert, ...relay]) await node.stop()
  const row = (what: 'p50' | 'p99', against: 'insert' | 'relay', budget?: Row['budget']): Row => ({
    what: `added ${what} of the second node at ${perSecond}/s, ${where}`,
    unit: 'ms',
    ours: results.ours.map(({ added }) => atLeast(added[what])),
    baseline: { name: BASELINES[against], values: results[against].map(({ added }) => atLeast(added[what])) },
    budget,
  })
  const cpu = Object.entries(results).map(([name, values]) => `${name} ${microsOf(values)}`)
  const note = `one listener on each node, read message by message; CPU a message: ${cpu.join('; ')}; generator ${busyOf(results.ours)} of its core`
  return {
    rows: [{ ...row('p50', 'insert', { ratioAtMost: 1 }), note }, row('p50', 'relay'), row('p99', 'insert')],
    raw: { where, perSecond, ...results },
  }
}

/** On two cores the second node may be the earlier one; a difference of nothing or less has no ratio. Milliseconds. */
const atLeast = (added: number): number => Math.max(added, 0.01)

async function withAndWithoutRedis({ flags, generator, stores, world, say }: Setting) {
  const connected = await world.gateway()
  // Nobody listens on port 1: this gateway is alone for good.
  const alone = await world.gateway({ env: { REDIS_URL: 'redis://127.0.0.1:1' } })
  const run = (node: Node) => async () => {
    const result = await generator.run<'sends'>({
      kind: 'sends',
      server: node.url,
      visitors: world.visitors(flags.quick ? 20 : 400),
      inFlight: 1,
      listener: await world.agent(),
      heardAs: 'message.sent',
      warmUpMs: flags.warmUpMs,
      measureMs: flags.measureMs,
      pids: { server: node.pid, postgres: stores.postgresPid, redis: stores.redisPid },
      stops: false,
    })
    if (result.failed > 0) throw new Error(`${result.failed} sends were refused: ${node.output().slice(-2000)}`)
    return result
  }
  say(`one node with Redis and without, in turn, ${flags.repeats} times`)
  const raw = await takeWarmTurns(flags.repeats, { with: run(connected), without: run(alone) })
  for (const node of [connected, alone]) await node.stop()
  const row: Row = {
    what: 'sends of one node with Redis there',
    unit: 'sends/s',
    ours: raw.with.map(({ perSecond }) => perSecond),
    baseline: { name: 'the same without Redis', values: raw.without.map(({ perSecond }) => perSecond) },
    budget: { ratioAtLeast: 0.95 },
  }
  return { row, raw }
}
