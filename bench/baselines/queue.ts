/** Bare BullMQ, both ends in one process: milliseconds from `add` to the start of the handler, at a fixed rate. */
import { setTimeout as wait } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

const [redisUrl = '', count = '100', perSecond = '20'] = process.argv.slice(2)
const queue = new Queue('bare', { connection: new Redis(redisUrl) })
const times: number[] = []
const worker = new Worker(
  'bare',
  async (job) => {
    times.push(performance.now() - Number(job.data.addedAt))
  },
  { connection: new Redis(redisUrl, { maxRetriesPerRequest: null }), concurrency: 50 },
)
await worker.waitUntilReady()
for (let index = 0; index < Number(count); index += 1) {
  await queue.add('ring', { addedAt: performance.now() }, { removeOnComplete: true })
  await wait(1000 / Number(perSecond))
}
while (times.length < Number(count)) await wait(10)
process.stdout.write(JSON.stringify(times))
process.exit(0)
