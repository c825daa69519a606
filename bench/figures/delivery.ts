/** From a visitor's send to the agent's screen, stored before it is seen: at fixed rates, on the disk and without its tails. */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import type { DeliveriesResult } from '../load/deliveries.ts'
import type { Handshake } from '../load/socket.ts'
import { takeWarmTurns, type Figure, type Measure, type Row, type Setting } from '../src/figure.ts'
import { startNode, type Node } from '../src/processes.ts'
import { HAS_MEMORY_DISK, removeFolder, startStores, type Stores } from '../src/stores.ts'
import { createBaselineDatabase, createWorld, type World } from '../src/world.ts'
import { busyOf, microsOf } from './sends.ts'

const RATES = [500, 2000]
/** Of a turn: a p99 rests on the slowest hundredth, which one pause of a collector can fill if that is ten messages. */
const MESSAGES_MIN = 3000
const SUPPORT: Handshake = { query: { role: 'agent' } }

type Results = Record<'ours' | 'insert' | 'batched' | 'store', DeliveriesResult[]>

export const delivery: Measure = async (setting) => {
  const rows: Row[] = []
  const raw: Record<string, unknown> = {}
  for (const rate of setting.flags.quick ? [200] : RATES) {
    const results = await measureOn(setting, setting, rate)
    raw[`disk ${rate}`] = results
    rows.push(...rowsOf(results, `${rate}/s, disk`, { p50: { ratioAtMost: 2 } }))
  }
  if (HAS_MEMORY_DISK && !setting.flags.quick) {
    setting.say('the same with Postgres on a disk in memory: the tails without the disk')
    const scratch = mkdtempSync(join(setting.stores.folder, 'memory-'))
    const stores = await startStores({ folder: scratch, running: setting.running }, 'memory')
    try {
      const world = await createWorld(setting.running, stores, 'dosti')
      const { databaseUrl: baselineUrl } = await createBaselineDatabase(stores)
      for (const rate of RATES) {
        const results = await measureOn(setting, { stores, world, baselineUrl }, rate)
        raw[`memory ${rate}`] = results
        rows.push(...rowsOf(results, `${rate}/s, Postgres in memory`, { p99: { ratioAtMost: 2 } }))
      }
    } finally {
      await stores.stop()
      await removeFolder(stores.folder)
    }
  }
  return {
    name: 'delivery',
    title: 'Visitor to agent, stored before seen',
    durability: 'all: fsync on, synchronous_commit on, told after the commit',
    rows,
    raw,
  } satisfies Figure
}

async function measureOn(
  { flags, running, generator, say }: Setting,
  { stores, world, baselineUrl }: { stores: Stores; world: World; baselineUrl: string },
  rate: number,
): Promise<Results> {
  const gateway = await world.gateway()
  const baseline = (file: string, ...args: string[]) =>
    startNode(running, { entry: `bench/baselines/${file}.ts`, args: ['{port}', ...args], readyPath: '/hello' })
  const insert = await baseline('insert', baselineUrl)
  const batched = await baseline('batched', baselineUrl)
  // In a database of its own: our gateway looks for what it was not told of.
  const store = await baseline('batched', (await createWorld(running, stores, `apart_${rate}`)).databaseUrl, 'ours')
  say(
    `${rate} messages a second, postgres on ${stores.place}: ours, INSERT, group commit and our store in turn, ${flags.repeats} times`,
  )
  const run = (node: Node, listener: () => Promise<Handshake>, heardAs: string) => async () => {
    const result = await generator.run<'deliveries'>({
      kind: 'deliveries',
      server: node.url,
      visitors: world.visitors(100),
      listener: await listener(),
      heardAs,
      perSecond: rate,
      warmUpMs: flags.warmUpMs,
      measureMs: flags.quick ? flags.measureMs : Math.max(flags.measureMs, (MESSAGES_MIN / rate) * 1000),
      pids: { server: node.pid, postgres: stores.postgresPid, redis: stores.redisPid },
    })
    // Without the slowest, a tail would look better than it is.
    if (result.heard < result.sent)
      throw new Error(`${result.heard} of ${result.sent} were heard: ${node.output().slice(-2000)}`)
    return result
  }
  const results = await takeWarmTurns(flags.repeats, {
    ours: run(gateway, () => world.agent(), 'message.sent'),
    insert: run(insert, async () => SUPPORT, 'message'),
    batched: run(batched, async () => SUPPORT, 'message'),
    store: run(store, async () => SUPPORT, 'message'),
  })
  for (const node of [gateway, insert, batched, store]) await node.stop()
  return results
}

function rowsOf(
  { ours, insert, batched, store }: Results,
  where: string,
  budgets: Partial<Record<'p50' | 'p99', Row['budget']>>,
): Row[] {
  const sent = ours.reduce((sum, result) => sum + result.sent, 0)
  const row = (what: 'p50' | 'p99', name: string, values: DeliveriesResult[], budget: Row['budget']): Row => ({
    what: `${what} at ${where}`,
    unit: 'ms',
    ours: ours.map((result) => result[what]),
    baseline: { name, values: values.map((result) => result[what]) },
    budget,
  })
  const besideInsert = (what: 'p50' | 'p99') => row(what, 'Socket.IO + one prepared INSERT', insert, budgets[what])
  return [
    {
      ...besideInsert('p50'),
      note: `all of ${sent} heard; CPU a message: ${microsOf(ours)}; baseline ${microsOf(insert)}; generator ${busyOf(ours)} of its core`,
    },
    besideInsert('p99'),
    row('p50', 'Socket.IO + group commit alone', batched, undefined),
    row('p50', 'Socket.IO + our store alone', store, undefined),
  ]
}
