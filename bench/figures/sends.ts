/** Durable sends per second through one gateway: acknowledged after the commit, numbered, heard by an agent. */
import type pg from 'pg'
import type { LoopResult } from '../load/sends.ts'
import type { Handshake } from '../load/socket.ts'
import { median, takeWarmTurns, type Figure, type Measure, type Row, type Setting } from '../src/figure.ts'
import { inspectable, lookedInto } from '../src/look.ts'
import { runPgbench } from '../src/pgbench.ts'
import { startNode, type Node } from '../src/processes.ts'
import { createWorld } from '../src/world.ts'

const DURABILITY =
  'all but the relay: fsync on, synchronous_commit on, acknowledged after the commit; relay: stores nothing'

/** Many visitors with one send in flight each; then one visitor with many in flight. */
const SHAPES = [
  { name: 'many visitors', visitors: 400, inFlight: 1 },
  { name: 'one visitor', visitors: 1, inFlight: 64 },
] as const

export const sends: Measure = async (setting) => {
  const { flags, running, world, baselineUrl, stores, say } = setting
  const gateway = await world.gateway({ flags: inspectable(flags) })
  const baseline = (file: string, ...args: string[]) =>
    startNode(running, { entry: `bench/baselines/${file}.ts`, args: ['{port}', ...args], readyPath: '/hello' })
  const relay = await baseline('relay')
  const insert = await baseline('insert', baselineUrl)
  const batched = await baseline('batched', baselineUrl)
  // In a database of its own: our gateway looks for what it was not told of.
  const apart = await createWorld(running, stores, 'apart')
  const store = await baseline('batched', apart.databaseUrl, 'ours')
  const prisma = await baseline('prisma', baselineUrl)
  const rows: Row[] = []
  const raw: Record<string, unknown> = {}
  for (const shape of SHAPES) {
    say(`${shape.name}: ours, relay, INSERT, group commit, our store, prisma in turn, ${flags.repeats} times`)
    const job = (node: Node, listener: () => Promise<Handshake>, heardAs: string) => async () => {
      const look = lookedInto(setting, node === gateway ? node : undefined, `sends, ${shape.name}`)
      const result = await setting.generator.run<'sends'>(
        {
          kind: 'sends',
          server: node.url,
          visitors: world.visitors(flags.quick ? Math.min(20, shape.visitors) : shape.visitors),
          inFlight: shape.inFlight,
          listener: await listener(),
          heardAs,
          warmUpMs: flags.warmUpMs,
          measureMs: flags.measureMs,
          pids: { server: node.pid, postgres: stores.postgresPid, redis: stores.redisPid },
          stops: look.stops,
        },
        look.reached,
      )
      const batch = await batchSize(world.sql)
      if (result.failed > 0) throw new Error(`${result.failed} sends were refused; see ${node.output().slice(-2000)}`)
      if (result.heard < 0.99) throw new Error(`the listener heard ${result.heard} of what was acknowledged`)
      return { ...result, batch }
    }
    const results = await takeWarmTurns(flags.repeats, {
      ours: job(gateway, () => world.agent(), 'message.sent'),
      relay: job(relay, async () => ({ query: { role: 'agent' } }), 'message'),
      insert: job(insert, async () => ({ query: { role: 'agent' } }), 'message'),
      batched: job(batched, async () => ({ query: { role: 'agent' } }), 'message'),
      store: job(store, async () => ({ query: { role: 'agent' } }), 'message'),
      prisma: job(prisma, async () => ({ query: { role: 'agent' } }), 'message'),
    })
    raw[shape.name] = results
    rows.push(...rowsOf(shape.name, results))
  }
  rows.push(...(await besidePgbench(setting, rows)))
  for (const node of [gateway, relay, insert, batched, store, prisma]) await node.stop()
  return {
    name: 'sends',
    title: 'Durable sends through one gateway',
    durability: DURABILITY,
    rows,
    raw,
  } satisfies Figure
}

function rowsOf(
  shape: string,
  results: Record<'ours' | 'relay' | 'insert' | 'batched' | 'store' | 'prisma', (LoopResult & { batch: number })[]>,
): Row[] {
  const rates = (list: LoopResult[]) => list.map(({ perSecond }) => perSecond)
  const ours = rates(results.ours)
  const many = shape === 'many visitors'
  const row = (name: string, values: LoopResult[], budget: Row['budget']): Row => ({
    what: shape,
    unit: 'sends/s',
    ours,
    baseline: { name, values: rates(values) },
    budget,
  })
  return [
    {
      ...row('Socket.IO relay, stores nothing', results.relay, many ? { ratioAtLeast: 0.5 } : undefined),
      note: `${median(results.ours.map(({ batch }) => batch)).toFixed(1)} sends a transaction; CPU a send: ${microsOf(results.ours)}; relay ${microsOf(results.relay)}; generator ${busyOf(results.ours)} and ${busyOf(results.relay)} of its core`,
    },
    row('Socket.IO + one prepared INSERT', results.insert, undefined),
    row('Socket.IO + group commit alone', results.batched, undefined),
    row('Socket.IO + our store alone', results.store, undefined),
    row('Socket.IO + prisma.create', results.prisma, many ? { ratioAtLeast: 5 } : undefined),
  ]
}

/** Sends per transaction among the newest events: what group commit came to. */
async function batchSize(sql: pg.Pool): Promise<number> {
  const { rows } = await sql.query<{ size: number }>(
    `SELECT count(*)::float / count(DISTINCT xid::text) AS size
     FROM (SELECT xid FROM event WHERE name = 'message.sent' ORDER BY xid DESC, log_id DESC LIMIT 2000) newest`,
  )
  return rows[0]?.size ?? Number.NaN
}

/** Postgres alone with the same insert, for whoever wonders what the database gives. */
async function besidePgbench({ baselineUrl, flags, say }: Setting, rows: Row[]): Promise<Row[]> {
  const rate = runPgbench(baselineUrl, { clients: 32, seconds: flags.quick ? 1 : 4 })
  if (rate === undefined) {
    say('pgbench is not installed; its row is left out')
    return []
  }
  return [
    {
      what: 'many visitors',
      unit: 'sends/s',
      ours: rows[0]?.ours ?? [],
      baseline: { name: 'pgbench, one INSERT a transaction, 32 clients, both cores', values: [rate] },
      budget: undefined,
    },
  ]
}

/** Processor time an operation, by process: the median of the turns. */
export function microsOf(results: readonly { micros: Record<string, number> }[]): string {
  return Object.keys(results[0]?.micros ?? {})
    .map((name) => ({ name, value: median(results.map(({ micros }) => micros[name] ?? Number.NaN)) }))
    .filter(({ value }) => value >= 0.5)
    .map(({ name, value }) => `${name} ${value.toFixed(0)} µs`)
    .join(', ')
}

/** The share of its core that the generator used: the median of the turns. */
export function busyOf(results: readonly { generatorBusy: number }[]): string {
  return `${Math.round(median(results.map(({ generatorBusy }) => generatorBusy)) * 100)} %`
}
