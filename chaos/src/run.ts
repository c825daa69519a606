/** A whole run: a world, a crowd, faults one after the other, healing, and the checker over what everybody recorded. */
import { setTimeout as wait } from 'node:timers/promises'
import { check, RECOVERY_MAX_MS, type Verdict } from './checker.ts'
import { bringCrowd, type Crowd } from './crowd.ts'
import { CannotRun, type Fault } from './fault.ts'
import { createRandom } from './random.ts'
import { concluded, type LogEvent, type Recording } from './recording.ts'
import { startWorld, type World } from './world.ts'

export interface RunOptions {
  seed: number
  size: 'short' | 'full'
  /** Kinds to choose from. */
  faults: readonly Fault[]
  /** Ends after so many faults, or when the time is over. */
  until: { faults: number } | { minutes: number }
  visitors: number
  rate: number
  /** Told of each step, for whoever watches. */
  say: (line: string) => void
  /** How long a recovery and the end are waited for, in milliseconds; a product broken on purpose never comes to rest. */
  patienceMs?: number
  /** Postgres' own settings, for tests that break a promise on purpose. */
  postgresSettings?: string[]
  /** Breaks the product before anybody talks, for tests of the checker. */
  sabotage?: (world: World) => Promise<void>
}

export interface Outcome {
  seed: number
  verdict: Verdict
  recording: Recording
  /** How often each kind was injected. */
  injected: Map<string, number>
  /** Kinds that this machine cannot do, with the reason. */
  notRun: Map<string, string>
  acked: number
  slowestRecoveryMs: number
  /** What the services logged as errors, each once. */
  logged: string[]
  tookMs: number
}

/** Who has not recovered after this long is given up, and is a finding; likewise at the end, in milliseconds. */
const PATIENCE_MS = 60_000
const BETWEEN_MS = 500
/** The longest that a gateway stands still (T5), and ten seconds. */
const PUSHED_WITHIN_MS = { short: 20_000, full: 70_000 }
/** Between two faults, this share of the clients loses its connection and comes back to the other gateway. */
const MOVING = 0.3
/** After this share of the faults nobody talks until all have caught up. */
const IN_SILENCE = 0.5

/** Runs it. Everything is ended and removed afterwards, also when it fails. */
export async function run(options: RunOptions): Promise<Outcome> {
  const { seed, say } = options
  const startedAt = Date.now()
  const random = createRandom(seed)
  say(`seed ${seed}`)
  const world = await startWorld(random.fork('world'), options.postgresSettings)
  try {
    await options.sabotage?.(world)
    const crowd = await bringCrowd(world, random.fork('crowd'), {
      visitors: options.visitors,
      rate: options.rate,
      pollEveryMs: 400,
      pushedWithinMs: PUSHED_WITHIN_MS[options.size],
    })
    await wait(1500)
    const before = descriptors(world)
    const { injected, notRun } = await injectAll(options, world, crowd)
    await crowd.settle(options.patienceMs ?? PATIENCE_MS)
    for (const laggard of crowd.laggards())
      crowd.recording.misbehaviours.push({ service: 'the product', what: `never settled: ${laggard}` })
    await hurryAlerts(world, options.patienceMs ?? PATIENCE_MS)
    crowd.recording.log = await readLog(world)
    await crowd.finish(options.patienceMs ?? PATIENCE_MS)
    await readAlerts(world, crowd)
    compareDescriptors(world, crowd, before)
    crowd.recording.misbehaviours.push(...world.misbehaviours)
    const recording = concluded(crowd.recording)
    return {
      seed,
      recording,
      verdict: check(recording),
      injected,
      notRun,
      acked: crowd.acked(),
      slowestRecoveryMs: Math.max(0, ...recording.recoveries.map(({ tookMs }) => tookMs)),
      logged: servicesOf(world).flatMap((service) =>
        [...service.errors()].map(([words, times]) => `${service.name}, ${times} times: ${words}`),
      ),
      tookMs: Date.now() - startedAt,
    }
  } finally {
    await world.close()
  }
}

async function injectAll(
  { seed, size, faults, until, say, patienceMs = PATIENCE_MS }: RunOptions,
  world: World,
  crowd: Crowd,
): Promise<Pick<Outcome, 'injected' | 'notRun'>> {
  const [injected, notRun] = [new Map<string, number>(), new Map<string, string>()]
  const order = createRandom(seed).fork('faults')
  const end = 'minutes' in until ? Date.now() + until.minutes * 60_000 : Infinity
  const most = 'faults' in until ? until.faults : Infinity
  let done = 0
  let turn: Fault[] = []
  while (done < most && Date.now() < end) {
    if (turn.length === 0) {
      turn = order.shuffled(faults.filter(({ id, once }) => !notRun.has(id) && !(once && injected.has(id))))
      if (turn.length === 0) break
    }
    const fault = turn.shift()
    if (fault === undefined) break
    const random = createRandom(seed).fork(`${fault.id} ${injected.get(fault.id) ?? 0}`)
    const expect = (rule: string, held: boolean, seen: string): void => {
      crowd.recording.expectations.push({ fault: fault.id, rule, held, seen })
      if (!held) say(`     ✗ ${rule}: ${seen}`)
    }
    const startedAt = Date.now()
    try {
      await fault.inject({ world, crowd, random, size, expect })
    } catch (error) {
      if (error instanceof CannotRun) {
        notRun.set(fault.id, error.message)
        say(`${fault.id} NOT RUN: ${error.message}`)
        continue
      }
      crowd.recording.misbehaviours.push({
        service: fault.id,
        what: `could not be injected or healed: ${String(error)}`,
      })
      say(`     ✗ ${String(error)}`)
    }
    injected.set(fault.id, (injected.get(fault.id) ?? 0) + 1)
    done += 1
    const injectedMs = Date.now() - startedAt
    const tookMs = await crowd.recover(patienceMs, order.chance(IN_SILENCE))
    crowd.recording.recoveries.push({ fault: fault.id, tookMs: tookMs ?? patienceMs })
    say(
      `${String(done).padStart(4)} ${fault.id.padEnd(4)} ${fault.title}: ${injectedMs} ms, all caught up after ${tookMs ?? `more than ${patienceMs}`} ms${(tookMs ?? patienceMs) > RECOVERY_MAX_MS ? ' ✗' : ''}; ${crowd.acked()} acknowledged`,
    )
    // Some go elsewhere, so that no node stands empty when its turn comes.
    for (const person of [...crowd.visitors, ...crowd.agents]) if (order.chance(MOVING)) person.drop()
    await wait(BETWEEN_MS)
  }
  return { injected, notRun }
}

/** The second ring comes after thirty seconds; brought forward, it is waited for now. The row is the truth, the sweep finds it. */
async function hurryAlerts(world: World, patienceMs: number): Promise<void> {
  const end = Date.now() + Math.min(patienceMs, 30_000)
  for (;;) {
    const rows = await world.sql(
      `WITH hurried AS (UPDATE alert SET due_at = due_at - 60000 WHERE step = 2 AND status = 'due'
         AND due_at > floor(extract(epoch FROM clock_timestamp()) * 1000) - 10000)
       SELECT 1 FROM alert WHERE status = 'due' LIMIT 1`,
    )
    if (rows.length === 0 || Date.now() > end) return
    await wait(250)
  }
}

async function readLog(world: World): Promise<LogEvent[]> {
  const rows = await world.sql(
    `SELECT workspace_id AS "workspaceId", visitor_id AS "visitorId", stream, seq, id, name, timestamp::float8 AS timestamp, sender,
       client_message_id AS "clientMessageId", data->>'text' AS text FROM event ORDER BY log_id`,
  )
  return rows as unknown as LogEvent[]
}

async function readAlerts(world: World, { recording, agents }: Crowd): Promise<void> {
  const rows = await world.sql(
    `SELECT id AS "alertId", workspace_id AS "workspaceId", visitor_id AS "visitorId", event_seq AS "eventSeq", step, status FROM alert`,
  )
  recording.alerts = (rows as unknown as Omit<Recording['alerts'][number], 'heardBy'>[]).map((row) => ({
    ...row,
    heardBy: new Map(
      agents.flatMap(({ follower, heardAlerts }): [string, number][] => {
        const times = heardAlerts.get(row.alertId)
        return times === undefined ? [] : [[follower.party.name, times]]
      }),
    ),
  }))
}

interface Held {
  pid: number
  descriptors: number
}

const servicesOf = (world: World) => [...world.gateways, world.api, world.worker].map(({ service }) => service)

function descriptors(world: World): Map<string, Held> {
  return new Map(
    servicesOf(world).map((service) => [service.name, { pid: service.pid, descriptors: service.descriptors() }]),
  )
}

/** I6: who lived through everything must hold no more files than before, give or take a pool that grew. */
function compareDescriptors(world: World, { recording }: Crowd, before: Map<string, Held>): void {
  const room = 30
  for (const service of servicesOf(world)) {
    const was = before.get(service.name)
    if (was === undefined || was.pid !== service.pid) continue
    const now = service.descriptors()
    if (now > was.descriptors * 1.1 + room)
      recording.misbehaviours.push({
        service: service.name,
        what: `held ${was.descriptors} files before and ${now} after`,
      })
  }
}
