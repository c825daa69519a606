/** A second node: what the way through Redis adds, and what one node alone pays for Redis being there. */
import type { DeliveriesResult } from '../load/deliveries.ts'
import type { Handshake } from '../load/socket.ts'
import { takeTurns, type Figure, type Measure, type Row } from '../src/figure.ts'
import { startNode, type Node } from '../src/processes.ts'

const PER_SECOND = 1000
const SUPPORT: Handshake = { query: { role: 'agent' } }

export const nodes: Measure = async ({ flags, running, generator, stores, world, say }) => {
  const [first, second] = [
    await world.gateway({ env: { NODE_NAME: 'a' } }),
    await world.gateway({ env: { NODE_NAME: 'b' } }),
  ]
  const relay = () =>
    startNode(running, { entry: 'bench/baselines/relay.ts', args: ['{port}', stores.redisUrl], readyPath: '/hello' })
  const [relayA, relayB] = [await relay(), await relay()]
  const run = (from: Node, to: Node, listener: () => Promise<Handshake>, heardAs: string) => async () => {
    const result = await generator.run<'deliveries'>({
      kind: 'deliveries',
      server: from.url,
      listenerServer: to.url,
      visitors: world.visitors(100),
      listener: await listener(),
      heardAs,
      perSecond: flags.quick ? 100 : PER_SECOND,
      warmUpMs: flags.warmUpMs,
      measureMs: flags.measureMs,
      pids: { server: from.pid, other: to.pid, redis: stores.redisPid },
    })
    if (result.heard === 0) throw new Error(`nothing was delivered: ${from.output().slice(-1000)}`)
    return result
  }
  say(`one node and two, ours and the adapter's in turn, ${PER_SECOND} messages a second, ${flags.repeats} times`)
  const results = await takeTurns(flags.repeats, {
    one: run(first, first, () => world.agent(), 'message.sent'),
    relayOne: run(relayA, relayA, async () => SUPPORT, 'message'),
    two: run(first, second, () => world.agent(), 'message.sent'),
    relayTwo: run(relayA, relayB, async () => SUPPORT, 'message'),
  })
  for (const node of [first, second, relayA, relayB]) await node.stop()
  const added = (far: DeliveriesResult[], near: DeliveriesResult[]) =>
    far.map((result, index) => Math.max(0.01, result.p50 - (near[index]?.p50 ?? 0)))
  const p50 = (list: DeliveriesResult[]) => list.map((result) => result.p50)
  const rows: Row[] = [
    {
      what: 'added p50 of the second node',
      unit: 'ms',
      ours: added(results.two, results.one),
      baseline: { name: '@socket.io/redis-adapter', values: added(results.relayTwo, results.relayOne) },
      budget: { ratioAtMost: 1 },
      note: 'the relay stores nothing; each is held against itself on one node',
    },
    {
      what: 'p50 over two nodes',
      unit: 'ms',
      ours: p50(results.two),
      baseline: { name: 'relay over the adapter, stores nothing', values: p50(results.relayTwo) },
      budget: undefined,
    },
  ]
  const alone = await withAndWithoutRedis({ flags, generator, stores, world, say } as Parameters<Measure>[0])
  return {
    name: 'nodes',
    title: 'A second node, and the price of Redis for one alone',
    durability: 'ours: stored durably before it is told; the relay stores nothing',
    rows: [...rows, alone.row],
    raw: { ...results, alone: alone.raw },
  } satisfies Figure
}

async function withAndWithoutRedis({ flags, generator, stores, world, say }: Parameters<Measure>[0]) {
  const connected = await world.gateway()
  // Nobody listens on port 1: this gateway is alone for good.
  const alone = await world.gateway({ env: { REDIS_URL: 'redis://127.0.0.1:1' } })
  const run = (node: Node) => async () =>
    generator.run<'sends'>({
      kind: 'sends',
      server: node.url,
      visitors: world.visitors(flags.quick ? 20 : 400),
      inFlight: 1,
      listener: await world.agent(),
      heardAs: 'message.sent',
      warmUpMs: flags.warmUpMs,
      measureMs: flags.measureMs,
      pids: { server: node.pid, postgres: stores.postgresPid },
      stops: false,
    })
  say(`one node with Redis and without, in turn, ${flags.repeats} times`)
  const raw = await takeTurns(flags.repeats, { with: run(connected), without: run(alone) })
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
