import { PAGE_SIZE_DEFAULT, type Handler } from '@dosti/contracts'
import { threadOf } from './policy.ts'
import { readThread, type Reading } from './sync-conversation.ts'

/** conversation.resume: D4 for many threads in one request, so that a console is back after a break with one question. */
export const resumeThreads =
  (reading: Reading): Handler<'conversation.resume'> =>
  async (actor, { threads }) => ({
    threads: await Promise.all(
      threads.map(async ({ visitorId: named, seq, internalSeq }) => {
        const visitorId = threadOf(actor, named)
        const numbers = { after: seq, ...(internalSeq === undefined ? {} : { internalAfter: internalSeq }) }
        const page = await readThread(reading, actor, { visitorId, ...numbers, limit: PAGE_SIZE_DEFAULT })
        if (!page) return { visitorId, status: 'not_found' as const, page: null }
        return { visitorId, status: page.snapshot ? ('resync_required' as const) : ('replayed' as const), page }
      }),
    ),
  })
