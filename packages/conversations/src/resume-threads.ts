import { PAGE_BYTES_MAX, PAGE_SIZE_DEFAULT, type Handler } from '@dosti/contracts'
import { threadOf } from './policy.ts'
import { readThread, type Reading } from './sync-conversation.ts'

/**
 * conversation.resume: D4 for many threads in one request, so that a console is back after a break with one question. They share
 * the bytes of one page: whose part is too small for all that followed gets the newest of it, as a snapshot.
 */
export const resumeThreads =
  (reading: Reading): Handler<'conversation.resume'> =>
  async (actor, { threads }) => ({
    threads: await Promise.all(
      threads.map(async ({ visitorId: named, seq, internalSeq }) => {
        const visitorId = threadOf(actor, named)
        const numbers = { after: seq, ...(internalSeq === undefined ? {} : { internalAfter: internalSeq }) }
        const input = { visitorId, ...numbers, limit: PAGE_SIZE_DEFAULT }
        const page = await readThread(reading, actor, input, PAGE_BYTES_MAX / threads.length)
        if (!page) return { visitorId, status: 'not_found' as const, page: null }
        return { visitorId, status: page.snapshot ? ('resync_required' as const) : ('replayed' as const), page }
      }),
    ),
  })
