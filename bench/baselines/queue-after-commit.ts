/**
 * The way of a job that is neither lost nor early, with nothing in it: a message is committed, Redis tells so, the log is read, a row
 * for the job is stored, and then it is added. All of it in one process: milliseconds from the commit until the job is active, at a
 * fixed rate. As many jobs go before that are not counted.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import { jobStarts } from '../src/job-starts.ts'

const [redisUrl = '', count = '100', perSecond = '20', databaseUrl] = process.argv.slice(2)
const publisher = new Redis(redisUrl)
const subscriber = new Redis(redisUrl)
const queue = new Queue('after-commit', { connection: new Redis(redisUrl) })
let handled = 0
const worker = new Worker(
  'after-commit',
  async () => {
    handled += 1
  },
  { connection: new Redis(redisUrl, { maxRetriesPerRequest: null }), concurrency: 50 },
)
await worker.waitUntilReady()
const sender = new pg.Client(databaseUrl)
const follower = new pg.Client(databaseUrl)
await Promise.all([sender.connect(), follower.connect()])
await sender.query(
  'CREATE TABLE IF NOT EXISTS job (message_id bigint PRIMARY KEY, due_at timestamptz NOT NULL DEFAULT now())',
)
await follower.query('SET synchronous_commit = off')

const send = {
  name: 'send',
  text: 'INSERT INTO message (visitor_id, text) VALUES ($1, $2) RETURNING id, pg_current_xact_id()::text AS xid',
}
const read = { name: 'read', text: 'SELECT id FROM message WHERE id >= $1 ORDER BY id LIMIT 500' }
const store = { name: 'store', text: 'INSERT INTO job (message_id) VALUES ($1) ON CONFLICT DO NOTHING' }

subscriber.on('message', (_channel, heard) => void follow(heard))
await subscriber.subscribe('stored')
async function follow(heard: string): Promise<void> {
  const { rows } = await follower.query<{ id: string }>({ ...read, values: [heard] })
  for (const { id } of rows) {
    // A look that came late has seen what the next one is told of.
    const { rowCount } = await follower.query({ ...store, values: [id] })
    if (rowCount === 1) await queue.add('ring', {}, { jobId: `message-${id}`, removeOnComplete: true })
  }
}

const transactions = new Map<string, string>()
for (let index = 0; index < 2 * Number(count); index += 1) {
  const { rows } = await sender.query<{ id: string; xid: string }>({
    ...send,
    values: ['visitor', 'Where is my order?'],
  })
  const [stored] = rows
  if (stored === undefined) throw new Error('an INSERT returns its row')
  await publisher.publish('stored', stored.id)
  if (index >= Number(count)) transactions.set(`message-${stored.id}`, stored.xid)
  await wait(1000 / Number(perSecond))
}
while (handled < 2 * Number(count)) await wait(10)
const startedAt = await jobStarts(publisher, 'bull:after-commit')
const { rows: committed } = await sender.query<{ at: number }>(
  `SELECT extract(epoch FROM pg_xact_commit_timestamp(xid::xid))::float * 1000 AS at
   FROM unnest($1::text[]) WITH ORDINALITY AS t (xid, place) ORDER BY place`,
  [[...transactions.values()]],
)
const times = Array.from(
  transactions.keys(),
  (id, index) => (startedAt.get(id) ?? Number.NaN) - (committed[index]?.at ?? 0),
)
process.stdout.write(JSON.stringify(times))
process.exit(0)
