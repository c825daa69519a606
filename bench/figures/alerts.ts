/** An alert: from the commit of a visitor's message to the start of the job that rings, beside a bare BullMQ job. */
import { spawnSync } from 'node:child_process'
import { Redis } from 'ioredis'
import type pg from 'pg'
import { latencies } from '../load/measure.ts'
import { takeWarmTurns, type Figure, type Measure } from '../src/figure.ts'
import { onCore, ROOT } from '../src/processes.ts'
import { createWorld } from '../src/world.ts'

const PER_SECOND = 20

export const alerts: Measure = async ({ flags, running, generator, stores, say }) => {
  // A database of its own: the worker would first ring for every visitor of the figures before.
  const world = await createWorld(running, stores, 'alerts')
  const count = flags.quick ? 5 : 40
  const gateway = await world.gateway()
  const worker = await world.worker()
  let round = 0
  const ours = async () => {
    round += 1
    const prefix = `alert-${round}`
    const seen = await generator.run<'alerts'>({
      kind: 'alerts',
      server: gateway.url,
      visitors: world.visitors(count, prefix),
      listener: await world.agent(),
      perSecond: PER_SECOND,
    })
    if (seen.rang < count || seen.acknowledged < count)
      throw new Error(`${seen.rang} of ${count} rang: ${worker.output().slice(-2000)}`)
    return { seen, started: await untilStarted(world.sql, stores.redisUrl, prefix) }
  }
  const bare = async () => {
    const times = bareTimes(stores.redisUrl, count)
    return { seen: { ...latencies(times), acknowledged: count, rang: count }, started: times }
  }
  say(`${count} first messages, ${PER_SECOND} a second, ours and bare BullMQ in turn, ${flags.repeats} times`)
  const results = await takeWarmTurns(flags.repeats, { ours, bare })
  for (const node of [gateway, worker]) await node.stop()
  const name = 'bare BullMQ, from add'
  const p50 = (list: { started: number[] }[]) => list.map(({ started }) => latencies(started).p50)
  return {
    name: 'alerts',
    title: 'From a committed message to the alert',
    durability: 'the message and the alert row: fsync on, synchronous_commit on',
    rows: [
      {
        what: 'committed to job active, p50',
        unit: 'ms',
        ours: p50(results.ours),
        baseline: { name, values: p50(results.bare) },
        budget: { ratioAtMost: 3 },
        note: "both until the entry in BullMQ's stream of events, which has whole milliseconds; ours from Postgres' commit timestamp",
      },
      {
        what: 'sent by the visitor to shown at the agent, p50',
        unit: 'ms',
        ours: results.ours.map(({ seen }) => seen.p50),
        baseline: { name, values: results.bare.map(({ seen }) => seen.p50) },
        budget: undefined,
        note: 'the whole way: commit, log, alert row, job, Redis, gateway, socket',
      },
    ],
    raw: results,
  } satisfies Figure
}

/** Milliseconds from the commit of each message to the moment when its job went to a handler, as BullMQ's own stream of events tells. */
async function untilStarted(sql: pg.Pool, redisUrl: string, prefix: string): Promise<number[]> {
  const redis = new Redis(redisUrl)
  const entries = await redis.xrange('dosti:alerts:events', '-', '+')
  redis.disconnect()
  const startedAt = new Map<string, number>()
  for (const [id, fields] of entries) {
    const jobId = fields[fields.indexOf('jobId') + 1] ?? ''
    if (fields[fields.indexOf('event') + 1] === 'active') startedAt.set(jobId, Number(id.split('-')[0]))
  }
  const { rows } = await sql.query<{ id: string; committed: number }>(
    `SELECT a.id, extract(epoch FROM pg_xact_commit_timestamp(e.xid::text::xid))::float * 1000 AS committed FROM alert a
     JOIN event e ON e.workspace_id = a.workspace_id AND e.visitor_id = a.visitor_id AND e.stream = 'public' AND e.seq = a.event_seq
     WHERE a.step = 1 AND a.visitor_id LIKE $1 || '-%'`,
    [prefix],
  )
  return rows.map(({ id, committed }) => {
    const started = startedAt.get(id)
    if (started === undefined) throw new Error(`the start of ${id} is no longer in BullMQ's stream of events`)
    return started - committed
  })
}

function bareTimes(redisUrl: string, count: number): number[] {
  const [command, args] = onCore(0, process.execPath, [
    'bench/baselines/queue.ts',
    redisUrl,
    String(count),
    String(PER_SECOND),
  ])
  const { stdout, stderr, status } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`The bare queue failed: ${stderr}`)
  return JSON.parse(stdout) as number[]
}
