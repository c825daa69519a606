/** BullMQ as a clock: a job wakes an alert row at its time. The row is the truth; a job that is lost is added again by the sweep. */
import { openRedis } from '@dosti/bus'
import type { AlertId, WorkspaceId } from '@dosti/contracts'
import type { AddedAlert } from '@dosti/db'
import type { Logger } from '@dosti/runtime'
import { Queue, Worker } from 'bullmq'

interface AlertJob {
  workspaceId: WorkspaceId
  alertId: AlertId
}

export interface AlertQueue {
  /** Adds a job for each alert; the same alert twice is one job. Rejects if Redis does not take them. */
  add(alerts: readonly AddedAlert[]): Promise<void>
  close(): Promise<void>
}

const NAME = 'alerts'
const PREFIX = 'dosti'
const CONCURRENCY = 50
/** A job whose worker says nothing for so long is another's. A ring takes less, and bears to be called twice. In milliseconds. */
const LOCK_MS = 5000
const CLOSE_WITHIN_MS = 3000

/** Opens the queue and starts to work it; `ring` is called at an alert's time and must bear being called twice. */
export function createAlertQueue(redisUrl: string, ring: (alert: AlertJob) => Promise<void>, log: Logger): AlertQueue {
  // A frozen Redis must not hold the follower: a job that cannot be added is the sweep's.
  const producing = openRedis(redisUrl, { waits: false })
  const working = openRedis(redisUrl, { waits: true })
  const queue = new Queue<AlertJob>(NAME, { connection: producing, prefix: PREFIX, skipVersionCheck: true })
  const worker = new Worker<AlertJob>(NAME, (job) => ring(job.data), {
    connection: working,
    prefix: PREFIX,
    concurrency: CONCURRENCY,
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS,
    skipVersionCheck: true,
  })
  // BullMQ hands every lost connection to these; without a listener it would end the process.
  const note = (error: Error): void => log.debug({ err: error }, 'alert queue')
  producing.on('error', note)
  working.on('error', note)
  queue.on('error', note)
  worker.on('error', note)
  worker.on('failed', (job, error) => log.error({ err: error, alertId: job?.data.alertId }, 'an alert could not ring'))

  return {
    async add(alerts) {
      if (alerts.length === 0) return
      await queue.addBulk(
        alerts.map(({ workspaceId, alertId, dueInMs }) => ({
          name: 'ring-alert',
          data: { workspaceId, alertId },
          // Kept by neither success nor failure: the row remembers, and a kept job would block its id for the sweep.
          opts: { jobId: alertId, delay: Math.max(0, dueInMs), removeOnComplete: true, removeOnFail: true },
        })),
      )
    },
    async close() {
      // Without Redis neither ever finishes; a job that is cut short is another worker's once its lock is over.
      await Promise.race([
        Promise.all([worker.close(), queue.close()]),
        new Promise((resolve) => setTimeout(resolve, CLOSE_WITHIN_MS)),
      ])
      producing.disconnect()
      working.disconnect()
    },
  }
}
