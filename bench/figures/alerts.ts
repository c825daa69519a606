/** An alert: from the commit of a visitor's message to the start of the job that rings, beside a bare BullMQ job. */
import { spawnSync } from 'node:child_process'
import { Redis } from 'ioredis'
import type pg from 'pg'
import { latencies } from '../load/measure.ts'
import { takeWarmTurns, type Figure, type Measure } from '../src/figure.ts'
import { jobStarts } from '../src/job-starts.ts'
import { onCore, ROOT } from '../src/processes.ts'
import { createWorld } from '../src/world.ts'

const PER_SECOND = 20

export const alerts: Measure = async ({ flags, running, generator, stores, baselineUrl, say }) => {
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
  const jobs =
    (file: string, ...args: string[]) =>
    async () => {
      const times = jobTimes(file, [stores.redisUrl, String(count), String(PER_SECOND), ...args])
      return { seen: { ...latencies(times), acknowledged: count, rang: count }, started: times }
    }
  say(
    `${count} first messages, ${PER_SECOND} a second, ours, bare BullMQ, and bare BullMQ after a commit in turn, ${flags.repeats} times`,
  )
  const results = await takeWarmTurns(flags.repeats, {
    ours,
    bare: jobs('queue'),
    afterCommit: jobs('queue-after-commit', baselineUrl),
  })
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
        note: "both until the entry in BullMQ's stream of events; ours from Postgres' commit timestamp",
      },
      {
        what: 'committed to job active, p50',
        unit: 'ms',
        ours: p50(results.ours),
        baseline: { name: 'commit, publish, SELECT, INSERT, add, bare', values: p50(results.afterCommit) },
        budget: undefined,
        note: 'the same steps with nothing in them, in one process; from the commit timestamp as well',
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
  const startedAt = await jobStarts(redis, 'dosti:alerts')
  redis.disconnect()
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

function jobTimes(file: string, args: readonly string[]): number[] {
  const [command, rest] = onCore(0, process.execPath, [`bench/baselines/${file}.ts`, ...args])
  const { stdout, stderr, status } = spawnSync(command, rest, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`The bare queue failed: ${stderr}`)
  const times = JSON.parse(stdout) as (number | null)[]
  return times.map((time) => {
    if (time === null) throw new Error("a job of the bare queue is not in BullMQ's stream of events")
    return time
  })
}
