import { PAGE_BYTES_MAX, PAGE_SIZE_DEFAULT, type Handler } from '@dosti/contracts'
import { threadOf } from './policy.ts'
import { readThread, type Reading } from './sync-conversation.ts'

/** Threads of one request that are read side by side: a crowd of agents who come back together must leave connections for others. */
const AT_ONCE = 4

/**
 * conversation.resume: D4 for many threads in one request, so that a console is back after a break with one question. They share
 * the bytes of one page: whose part is too small for all that followed gets the newest of it, as a snapshot.
 */
export const resumeThreads =
  (reading: Reading): Handler<'conversation.resume'> =>
  async (actor, { threads }) => {
    const resumed = async ({ visitorId: named, seq, internalSeq }: (typeof threads)[number]) => {
      const visitorId = threadOf(actor, named)
      const numbers = { after: seq, ...(internalSeq === undefined ? {} : { internalAfter: internalSeq }) }
      const input = { visitorId, ...numbers, limit: PAGE_SIZE_DEFAULT }
      const page = await readThread(reading, actor, input, PAGE_BYTES_MAX / threads.length)
      if (!page) return { visitorId, status: 'not_found' as const, page: null }
      return { visitorId, status: page.snapshot ? ('resync_required' as const) : ('replayed' as const), page }
    }
    return { threads: await inTurns(threads, AT_ONCE, resumed) }
  }

/** Does it for each, so many at once; the results in the order of the items. */
async function inTurns<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = items.entries()
  const take = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, take))
  return results
}
