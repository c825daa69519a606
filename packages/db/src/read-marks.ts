/** Read marks: raised under the visitor's lock, and never by more than a few connections that wait for one. */
import { evolveRead } from '@dosti/contracts'
import type { ConversationStore } from '@dosti/conversations'
import type pg from 'pg'
import { DEADLINE_MS, withConnection, type Db } from './client.ts'
import { keyOf, lockThread } from './commit-batch.ts'
import * as sql from './conversation-statements.ts'
import type { KnownThreads } from './known-threads.ts'
import type { Lanes } from './lanes.ts'
import { COMMIT, orRollBack } from './scope.ts'
import { call, run, runAll } from './statement.ts'
import { unavailable } from './unavailable.ts'

type MarkRead = ConversationStore['markRead']
type Mark = Parameters<MarkRead>[0]
type Marked = Awaited<ReturnType<MarkRead>>

/** A mark that waits for its turn at a locked visitor; a higher one that comes meanwhile takes its place. */
interface Waiting {
  mark: Mark
  /** When nobody waits for it any more, by `performance.now()`. */
  deadline: number
  marked: Promise<Marked>
}

/** Marks at once where nobody else holds the visitor; else in one of the lanes, one turn for all the marks of a side. */
export function createReadMarks(db: Pick<Db, 'pool' | 'breaker'>, lanes: Lanes, known: KnownThreads): MarkRead {
  const waiting = new Map<string, Waiting>()
  const raise = (mark: Mark, lock: 'free' | 'waiting') =>
    withConnection(db, (client) => raiseMark(client, mark, known, lock))
  const raiseInTurn = (mark: Mark, deadline: number): Promise<Marked> => {
    const key = `${keyOf(mark.workspaceId, mark.visitorId)} ${mark.by}`
    const other = waiting.get(key)
    if (other !== undefined) {
      if (mark.seq > other.mark.seq) other.mark = mark
      other.deadline = deadline
      return other.marked
    }
    const entry: Waiting = { mark, deadline, marked: Promise.resolve(undefined) }
    waiting.set(key, entry)
    entry.marked = lanes(async () => {
      waiting.delete(key)
      if (performance.now() >= entry.deadline) throw unavailable(new Error('the deadline of the mark is over'))
      const outcome = await raise(entry.mark, 'waiting')
      // Whoever waits for a lock skips nobody.
      return outcome === 'skipped' ? undefined : outcome
    })
    return entry.marked
  }
  return async (mark) => {
    const deadline = performance.now() + DEADLINE_MS
    const outcome = await raise(mark, 'free')
    return outcome === 'skipped' ? await raiseInTurn(mark, deadline) : outcome
  }
}

async function raiseMark(
  client: pg.PoolClient,
  mark: Mark,
  known: KnownThreads,
  lock: 'free' | 'waiting',
): Promise<Marked | 'skipped'> {
  return await orRollBack(client, async () => {
    const thread = await lockThread(client, mark, lock)
    if (thread === 'skipped') {
      await run(client, COMMIT, [])
      return thread
    }
    const head = thread?.conversation ?? null
    const next = head === null ? null : evolveRead(head, mark)
    const seqOf = mark.by === 'visitor' ? 'readByVisitor' : 'readByAgents'
    const raised = head !== null && next !== null && next[seqOf] > head[seqOf]
    const differs = raised || next?.unread !== head?.unread
    if (thread === undefined || next === null || !differs) await run(client, COMMIT, [])
    else {
      const { workspaceId, visitorId } = mark
      const { readByAgents, readByVisitor, unread } = next
      const [, [written]] = await runAll(client, [
        call(sql.RAISE_READ, [workspaceId, visitorId, readByAgents, readByVisitor, unread]),
        call(sql.READ_VERSION, []),
        call(COMMIT, []),
      ])
      if (written !== undefined)
        known.set(keyOf(workspaceId, visitorId), {
          thread: { ...thread, conversation: next },
          version: written.version,
        })
    }
    return next === null ? undefined : { seq: next[seqOf], raised }
  })
}
