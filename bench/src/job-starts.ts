import type { Redis } from 'ioredis'

/**
 * When each job became active, in milliseconds since 1970, as BullMQ's own stream of events tells. The stream cuts its times to whole
 * milliseconds, which takes half of one on average: it is given back here.
 */
export async function jobStarts(redis: Redis, queue: string): Promise<Map<string, number>> {
  const startedAt = new Map<string, number>()
  for (const [id, fields] of await redis.xrange(`${queue}:events`, '-', '+')) {
    const jobId = fields[fields.indexOf('jobId') + 1] ?? ''
    if (fields[fields.indexOf('event') + 1] === 'active') startedAt.set(jobId, Number(id.split('-')[0]) + 0.5)
  }
  return startedAt
}
