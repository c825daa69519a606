/** T7 to T10, T13, T14, T22: Postgres dies, freezes, drops connections, locks and refuses. */
import { setTimeout as wait } from 'node:timers/promises'
import { answersBetween, inWords } from './fault-times.ts'
import { lasting, someGateway, type Fault } from './fault.ts'
import { clearUp } from './proxy.ts'
import type { Attempt } from './recording.ts'

/** D8 says three seconds; the rest is for the way and a busy machine, in milliseconds. */
const ANSWER_WITHIN_MS = 3500

const killPostgres: Fault = {
  id: 'T7',
  title: 'SIGKILL every process of Postgres',
  async inject({ world, random }) {
    await world.postgres.kill()
    await wait(random.between(0, 1000))
    await world.postgres.restart()
  },
}

const freezePostgres: Fault = {
  id: 'T8',
  title: 'SIGSTOP every process of Postgres',
  async inject(stage) {
    const { world, crowd } = stage
    world.postgres.freeze()
    const from = Date.now()
    await wait(lasting(stage, [6000, 7000], [20_000, 20_000]))
    world.postgres.thaw()
    const until = Date.now()
    await wait(ANSWER_WITHIN_MS)
    const answers = answersBetween(crowd.recording.attempts, from, until - ANSWER_WITHIN_MS)
    stage.expect(
      'every request is answered within 3 s',
      answers.n > 0 && answers.lost === 0 && answers.slowestMs <= ANSWER_WITHIN_MS,
      inWords(answers) + slowOnes(crowd.recording.attempts, from, until),
    )
    // What is acknowledged now must have been asked just before the freeze. A poll may be answered from memory for a second.
    const writing = answersBetween(
      crowd.recording.attempts,
      from + 500,
      until - ANSWER_WITHIN_MS,
      ({ operation }) => operation === 'message.send' || operation === 'note.add',
    )
    stage.expect(
      'nothing is acknowledged while nothing can be committed',
      writing.n > 0 && writing.ok === 0,
      inWords(writing),
    )
  },
}

const cutAfterCommit: Fault = {
  id: 'T9',
  title: 'the connection is reset after a commit, before its answer',
  async inject(stage) {
    const lines = [...stage.world.gateways, stage.world.api].map(({ toPostgres }) => toPostgres)
    const done = Promise.withResolvers<void>()
    // Either statement that appends, and the word that no transaction is open any more.
    for (const line of lines) line.cut = { after: 'append_', before: 'Z\0\0\0\u0005I', done: done.resolve }
    const cut = await Promise.race([done.promise.then(() => true), wait(8000, false)])
    lines.forEach(clearUp)
    stage.expect('a commit was cut from its answer', cut, cut ? 'cut' : 'no such commit passed within 8 s')
  },
}

const terminateBackends: Fault = {
  id: 'T10',
  title: 'pg_terminate_backend on some backend every 100 ms',
  async inject(stage) {
    const end = Date.now() + lasting(stage, [2000, 2500], [3000, 6000])
    let killed = 0
    while (Date.now() < end) {
      const rows = await stage.world.sql(
        `SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
           WHERE datname = 'dosti' AND application_name LIKE 'dosti%'
           ORDER BY md5(pid::text || $1) LIMIT 1) chosen`,
        [String(stage.random.next())],
      )
      killed += rows.length
      await wait(100)
    }
    stage.expect('backends were terminated', killed > 0, `${killed}`)
  },
}

const holdLock: Fault = {
  id: 'T13',
  title: "a transaction that holds one visitor's lock",
  async inject(stage) {
    const { world, crowd } = stage
    const victim = stage.random.pick(crowd.visitors)
    const client = await world.openSql()
    await client.query('BEGIN')
    const { rowCount } = await client.query(
      'SELECT 1 FROM visitor WHERE workspace_id = $1 AND visitor_id = $2 FOR UPDATE',
      [victim.workspace.id, victim.visitorId],
    )
    const from = Date.now()
    for (let index = 0; index < 5; index += 1) victim.say()
    await wait(lasting(stage, [4000, 4000], [5000, 12_000]))
    const until = Date.now()
    await client.query('ROLLBACK')
    await client.end()
    const others = answersBetween(crowd.recording.attempts, from, until, (attempt) =>
      isOther(attempt, victim.visitorId),
    )
    stage.expect('the visitor was there to be locked', rowCount === 1, `${rowCount} rows`)
    stage.expect(
      'nobody else is refused or slow',
      others.n > 0 && others.refused + others.lost === 0 && others.p99Ms < 1000,
      inWords(others),
    )
    const own = answersBetween(
      crowd.recording.attempts,
      from,
      until,
      (attempt) => attempt.visitorId === victim.visitorId && attempt.operation !== 'poll',
    )
    stage.expect(
      'the locked one is refused in time',
      own.refused > 0 && own.lost === 0 && own.slowestMs <= ANSWER_WITHIN_MS,
      inWords(own),
    )
  },
}

/** Whom the lock is no business of; an agent's answers to the locked visitor wait as well, and are not told apart. */
const isOther = (attempt: Attempt, visitorId: string): boolean =>
  attempt.visitorId !== visitorId && attempt.visitorId !== 'all'

const forceRetries: Fault = {
  id: 'T14',
  title: 'deadlocks and serialization failures',
  async inject(stage) {
    const { world, crowd } = stage
    // Of ten inserts two fail, one after the other, which is one less than are tried; a sequence counts on through a rollback.
    await world.sql(`
      DROP SEQUENCE IF EXISTS chaos_turn;
      CREATE SEQUENCE chaos_turn;
      CREATE OR REPLACE FUNCTION chaos_fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      DECLARE turn bigint := nextval('chaos_turn');
      BEGIN
        IF turn % 10 = 1 THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '40001'; END IF;
        IF turn % 10 = 2 THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '40P01'; END IF;
        RETURN NULL;
      END $$;
      CREATE OR REPLACE TRIGGER chaos_fail AFTER INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION chaos_fail()`)
    const from = Date.now()
    await wait(lasting(stage, [2000, 2500], [3000, 6000]))
    const until = Date.now()
    await world.sql('DROP TRIGGER chaos_fail ON event')
    const [row] = await world.sql('SELECT last_value AS turns FROM chaos_turn')
    const turns = Number(row?.['turns'])
    const answers = answersBetween(crowd.recording.attempts, from, until)
    stage.expect('failures were forced', turns > 2, `${turns} inserts`)
    stage.expect(
      'they are tried again inside: nobody is refused',
      answers.refused + answers.lost === 0,
      inWords(answers),
    )
  },
}

const partitionFromPostgres: Fault = {
  id: 'T22',
  title: 'one gateway cannot reach Postgres',
  async inject(stage) {
    const { service, toPostgres } = someGateway(stage)
    toPostgres.weather.frozen = true
    await wait(lasting(stage, [4000, 5000], [8000, 15_000]))
    const ready = await fetch(`${service.url}/readyz`, { signal: AbortSignal.timeout(4000) }).then(
      async (response) => {
        await response.arrayBuffer()
        return response.status
      },
      () => 0,
    )
    clearUp(toPostgres)
    stage.expect('it says that it is not ready', ready === 503, `status ${ready}`)
  },
}

/** The slowest and the unanswered, by whom. */
function slowOnes(attempts: readonly Attempt[], from: number, until: number): string {
  const slow = attempts.filter(
    ({ startedAt, tookMs, outcome }) =>
      startedAt >= from && startedAt < until - ANSWER_WITHIN_MS && (outcome === 'lost' || tookMs > ANSWER_WITHIN_MS),
  )
  return slow
    .slice(0, 5)
    .map(
      ({ party, operation, outcome, tookMs, startedAt }) =>
        `; ${party} ${operation} ${outcome} after ${tookMs} ms, asked at +${startedAt - from} ms`,
    )
    .join('')
}

export const postgresFaults: readonly Fault[] = [
  killPostgres,
  freezePostgres,
  cutAfterCommit,
  terminateBackends,
  holdLock,
  forceRetries,
  partitionFromPostgres,
]
