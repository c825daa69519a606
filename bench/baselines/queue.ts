/**
 * Bare BullMQ, both ends in one process: milliseconds from `add` until BullMQ's stream of events, in whole milliseconds, has the job as
 * active, at a fixed rate. As many jobs go before that are not counted.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

const [redisUrl = '', count = '100', perSecond = '20'] = process.argv.slice(2)
const redis = new Redis(redisUrl)
const queue = new Queue('bare', { connection: redis })
let handled = 0
const worker = new Worker(
  'bare',
  async () => {
    handled += 1
  },
  { connection: new Redis(redisUrl, { maxRetriesPerRequest: null }), concurrency: 50 },
)
await worker.waitUntilReady()
const addedAt = new Map<string, number>()
for (let index = 0; index < 2 * Number(count); index += 1) {
  const at = performance.timeOrigin + performance.now()
  const job = await queue.add('ring', {}, { removeOnComplete: true })
  if (index >= Number(count)) addedAt.set(job.id ?? '', at)
  await wait(1000 / Number(perSecond))
}
while (handled < 2 * Number(count)) await wait(10)
const times: number[] = []
for (const [id, fields] of await redis.xrange('bull:bare:events', '-', '+')) {
  const at = addedAt.get(fields[fields.indexOf('jobId') + 1] ?? '')
  if (at !== undefined && fields[fields.indexOf('event') + 1] === 'active') times.push(Number(id.split('-')[0]) - at)
}
if (times.length !== Number(count)) throw new Error(`${times.length} of ${count} jobs were seen to start`)
process.stdout.write(JSON.stringify(times))
process.exit(0)
