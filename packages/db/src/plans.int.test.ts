import { createDatabase } from '@dosti/testkit'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SESSION_OPTIONS } from './client.ts'
import * as path from './conversation-statements.ts'
import * as log from './log-statements.ts'
import { APPEND_USUAL, UPDATE_VISITORS } from './write-statements.ts'

const many = Array.from({ length: 100 }, (_, index) => `v${index}`)
const workspaces = many.map(() => 'wsp_a')
const senders = many.map(() => 'visitor')
const clientMessageIds = many.map(() => 'c3')
const FOREVER = Number.MAX_SAFE_INTEGER

type Value = string | number | string[] | number[]

const STATEMENTS: [name: string, text: string, values: Value[]][] = [
  [path.LOCK_FREE.name, path.LOCK_FREE.text, ['wsp_a', workspaces, many]],
  [path.LOCK_WAITING.name, path.LOCK_WAITING.text, ['wsp_a', workspaces, many]],
  [path.READ_SENT.name, path.READ_SENT.text, [workspaces, many, senders, clientMessageIds]],
  [path.AFTER_PUBLIC.name, path.AFTER_PUBLIC.text, ['wsp_a', 'v5', 51, 0, 3]],
  [path.AFTER_BOTH.name, path.AFTER_BOTH.text, ['wsp_a', 'v5', 51, 0, 3, 0]],
  [path.NEWEST_PUBLIC.name, path.NEWEST_PUBLIC.text, ['wsp_a', 'v5', 51, 0]],
  [path.NEWEST_BOTH.name, path.NEWEST_BOTH.text, ['wsp_a', 'v5', 51, 0]],
  [path.BEFORE_PUBLIC.name, path.BEFORE_PUBLIC.text, ['wsp_a', 'v5', 51, 0, 5]],
  [path.BEFORE_BOTH.name, path.BEFORE_BOTH.text, ['wsp_a', 'v5', 51, 0, 5]],
  [path.MESSAGES_AFTER.name, path.MESSAGES_AFTER.text, ['wsp_a', 'v5', 501, 3]],
  [path.MESSAGES_AFTER_FAR.name, path.MESSAGES_AFTER_FAR.text, ['wsp_a', 'v5', 501, 3]],
  [path.MESSAGES_NEWEST.name, path.MESSAGES_NEWEST.text, ['wsp_a', 'v5', 501, 0]],
  [path.LIST.name, path.LIST.text, ['wsp_a', 'open', 51, FOREVER, '']],
  [path.LIST_UNASSIGNED.name, path.LIST_UNASSIGNED.text, ['wsp_a', 'open', 51, FOREVER, '']],
  [path.LIST_ASSIGNED.name, path.LIST_ASSIGNED.text, ['wsp_a', 'open', 51, FOREVER, '', 'agt_x']],
  [UPDATE_VISITORS.name, UPDATE_VISITORS.text, arraysOf(UPDATE_VISITORS.text)],
  [APPEND_USUAL.name, APPEND_USUAL.text, ['wsp_a', ...arraysOf(APPEND_USUAL.text)]],
  [path.RAISE_READ.name, path.RAISE_READ.text, ['wsp_a', 'v5', 1, 1, 0]],
  [log.READ_LOG.name, log.READ_LOG.text, ['alerts', 100]],
  [log.READ_LAG.name, log.READ_LAG.text, ['alerts']],
  [log.READ_DUE.name, log.READ_DUE.text, [100, 0]],
  [log.READ_KEYS.name, log.READ_KEYS.text, ['1', '99999999', 1000]],
  [log.READ_IDS.name, log.READ_IDS.text, ['1', '99999999', 1000]],
  [
    log.READ_EVENTS.name,
    log.READ_EVENTS.text,
    ['wsp_a', workspaces, many, many.map(() => 'public'), many.map(() => 3)],
  ],
  [log.READ_RUNG.name, log.READ_RUNG.text, ['wsp_a,wsp_b', 60_000, 100]],
]

// The plans that Postgres keeps for prepared statements, under row-level security: a workspace that grows must not make them
// slower, and neither must a plan that was made when there was nothing yet.
describe.each(['empty', 'filled'])('every statement of the message path finds its rows by an index: %s', (state) => {
  let admin: pg.Client
  let client: pg.Client
  beforeAll(async () => {
    const { url } = await createDatabase()
    admin = new pg.Client(url)
    await admin.connect()
    if (state === 'filled') await admin.query(FILL)
    client = new pg.Client({ connectionString: url, options: SESSION_OPTIONS })
    await client.connect()
  }, 60_000)
  afterAll(async () => {
    await client.end()
    await admin.end()
  })

  it.each(STATEMENTS)('$0', async (_name, text, values) => {
    await client.query(`BEGIN; SELECT set_config('dosti.scope', 'wsp_a', true)`)
    try {
      await client.query(`PREPARE planned AS ${text}`)
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN (VERBOSE) EXECUTE planned(${values.map(literal).join(', ')})`,
      )
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      expect(plan).toMatch(/Index (Only )?Scan/u)
      if (text === APPEND_USUAL.text) expect(plan).toMatch(/Tid Scan on public.visitor t/u)
      expect(plan).not.toMatch(/Seq Scan on public.(visitor|event|alert)|Hash Join|Merge Join|hashed SubPlan/u)
    } finally {
      await client.query('ROLLBACK')
      await client.query('DEALLOCATE planned')
    }
  })
})

const FILL = `
  INSERT INTO workspace VALUES ('wsp_a', 'A', 0);
  INSERT INTO visitor (workspace_id, visitor_id, conversation_id, status, opened_at, updated_at, listed_at)
    SELECT 'wsp_a', 'v' || i, 'cnv_' || i, 'open', 0, i, i / 10000 * 10000 FROM generate_series(0, 2999) i;
  INSERT INTO event (workspace_id, visitor_id, stream, seq, id, name, conversation_id, timestamp, actor, data, sender, client_message_id)
    SELECT 'wsp_a', 'v' || i, 'public', s, 'msg_' || i || '_' || s, 'message.sent', 'cnv_' || i, s, '{}', '{"text":"x"}', 'visitor', 'c' || s
    FROM generate_series(0, 2999) i, generate_series(1, 10) s;
  ANALYZE`

/** An empty one for each parameter that is an array. */
function arraysOf(text: string): Value[] {
  return [...new Set(text.match(/\$\d+::\w+\[\]/gu))].map(() => [])
}

function literal(value: Value): string {
  if (Array.isArray(value)) return `'{${value.join(',')}}'`
  return typeof value === 'number' ? String(value) : pg.escapeLiteral(value)
}
