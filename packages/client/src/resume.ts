/** After a break every open thread asks at the same moment what it missed: one question for all of them (rule D4). */
import type { Input, ThreadPage } from '@dosti/contracts'
import { RESUME_THREADS_MAX } from '@dosti/contracts/names'
import type { Requests } from './http.ts'
import { asRequestError, RequestError, unreachable } from './request-error.ts'

/** A thread and the last numbers held of it; agents name the visitor. */
export type ResumePoint = Input<'conversation.resume'>['threads'][number]

/** What followed, or a snapshot that replaces what is held. */
export type Resume = (point: ResumePoint) => Promise<ThreadPage>

interface Asked {
  point: ResumePoint
  resolve: (page: ThreadPage) => void
  reject: (error: RequestError) => void
}

/** Gathers what is asked in the same turn into one request for at most fifty threads. */
export function createResume(request: Requests['request']): Resume {
  let gathered: Asked[] = []
  const flush = () => {
    const all = gathered
    gathered = []
    for (let start = 0; start < all.length; start += RESUME_THREADS_MAX)
      void ask(request, all.slice(start, start + RESUME_THREADS_MAX))
  }
  return (point) =>
    new Promise((resolve, reject) => {
      if (gathered.length === 0) queueMicrotask(flush)
      gathered.push({ point, resolve, reject })
    })
}

async function ask(request: Requests['request'], asked: Asked[]): Promise<void> {
  try {
    const { threads } = await request('conversation.resume', { threads: asked.map(({ point }) => point) })
    for (const [index, { resolve, reject }] of asked.entries()) {
      const answer = threads[index]
      if (answer === undefined) reject(unreachable())
      else if (answer.page !== null) resolve(answer.page)
      else reject(new RequestError({ code: 'conversation.not_found', message: 'There is no such conversation.' }))
    }
  } catch (error) {
    for (const { reject } of asked) reject(asRequestError(error))
  }
}
