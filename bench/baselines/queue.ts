/** Bare BullMQ, both ends in one process: milliseconds from `add` until a job is active, at a fixed rate. As many jobs go before that are not counted. */
import { setTimeout as wait } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { jobStarts } from '../src/job-starts.ts'

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
const startedAt = await jobStarts(redis, 'bull:bare')
process.stdout.write(JSON.stringify(Array.from(addedAt, ([id, at]) => (startedAt.get(id) ?? Number.NaN) - at)))
process.exit(0)
