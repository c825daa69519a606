/** The load generator: a process of its own on a core of its own, told by its parent what to do, one job at a time. */
import { runDeliveries, type DeliveriesJob, type DeliveriesResult } from './deliveries.ts'
import { runRequests, type RequestsJob } from './requests.ts'
import { runSends, type LoopResult, type SendsJob } from './sends.ts'
import { runStorm, type StormJob, type StormResult } from './storm.ts'
import { runAlerts, type AlertsJob, type AlertsResult } from './alerts.ts'
import { runReturn, type ReturnJob, type ReturnResult } from './return.ts'

export type Job = SendsJob | RequestsJob | DeliveriesJob | StormJob | AlertsJob | ReturnJob

/** What each kind of job answers with. */
export interface Results {
  sends: LoopResult
  requests: LoopResult
  deliveries: DeliveriesResult
  storm: StormResult
  alerts: AlertsResult
  return: ReturnResult
}

/** What the parent sends between `begin` and the result: the word that a job waits for. */
export type Told = { job: Job } | { word: string }
/** What the parent hears. */
export type Answer = { result: Results[Job['kind']] } | { error: string } | { reached: string }

const words = new EventTarget()

/** Tells the parent that a point is reached and waits until it says to go on. */
function reach(point: string): Promise<void> {
  const goOn = new Promise<void>((resolve) => words.addEventListener(point, () => resolve(), { once: true }))
  answer({ reached: point })
  return goOn
}

function answer(message: Answer): void {
  process.send?.(message)
}

function run(job: Job): Promise<Results[Job['kind']]> {
  switch (job.kind) {
    case 'sends':
      return runSends(job, reach)
    case 'requests':
      return runRequests(job, reach)
    case 'deliveries':
      return runDeliveries(job)
    case 'storm':
      return runStorm(job, reach)
    case 'alerts':
      return runAlerts(job)
    case 'return':
      return runReturn(job, reach)
  }
}

process.on('message', (told: Told) => {
  if ('word' in told) words.dispatchEvent(new Event(told.word))
  else
    run(told.job).then(
      (result) => answer({ result }),
      (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
})
process.on('disconnect', () => process.exit(0))
