import type { AgentId, StoredEvent, WorkspaceId } from '@dosti/contracts'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Change, ConversationStore } from '../src/ports.ts'
import { ANN, agentAssigns, agentCloses, agentNotes, agentSends, visitorSends } from './changes.ts'
import type { StoreUnderTest } from './store-contract.ts'

/** The half of the contract that is about reading; `registerStoreContract` registers both. */
// Long as test files are: one function, so that any store can be given to all of it.
export function registerReadingContract(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`${name}: readings`, () => {
    let store: ConversationStore
    let workspaceId: WorkspaceId
    let other: WorkspaceId
    let count = 0
    beforeAll(async () => {
      const created = await create()
      store = created.store
      ;[workspaceId, other] = created.workspaces
    })
    const somebody = () => ({ workspaceId, visitorId: `reader ${(count += 1)}` })
    const put = async (...changes: Change[]) => {
      for (const outcome of await store.change(changes)) if (!outcome.ok) throw outcome.error
    }
    /** opened 1, a 2, note 1, b 3, note 2, c 4 */
    const aThread = async () => {
      const of = somebody()
      await put(
        visitorSends(of, 'a'),
        agentNotes(of, 'n1'),
        agentSends(of, 'b'),
        agentNotes(of, 'n2'),
        visitorSends(of, 'c'),
      )
      return of
    }
    const texts = (events: readonly StoredEvent[]) =>
      events.map(({ data, name }) => ('text' in data ? data.text : name))

    it('the newest page comes oldest first, and says whether there is more', async () => {
      const of = await aThread()
      const whole = await store.thread({ ...of, internal: true, limit: 6 })
      expect(texts(whole?.events ?? [])).toEqual(['conversation.opened', 'a', 'n1', 'b', 'n2', 'c'])
      expect(whole?.hasMore).toBe(false)
      const part = await store.thread({ ...of, internal: true, limit: 2 })
      expect(texts(part?.events ?? [])).toEqual(['n2', 'c'])
      expect(part?.hasMore).toBe(true)
    })

    it('pages back by timestamp reach every event once', async () => {
      const of = await aThread()
      const seen: StoredEvent[] = []
      for (let before: number | undefined, more = true; more; before = seen[0]?.timestamp) {
        const page = await store.thread({
          ...of,
          internal: true,
          limit: 2,
          ...(before === undefined ? {} : { before }),
        })
        seen.unshift(...(page?.events ?? []))
        more = page?.hasMore ?? false
      }
      expect(texts(seen)).toEqual(['conversation.opened', 'a', 'n1', 'b', 'n2', 'c'])
    })

    it('P2: without internal no note is seen, not even as a gap', async () => {
      const of = await aThread()
      for (const page of [{}, { after: 0 }, { before: Number.MAX_SAFE_INTEGER }]) {
        const read = await store.thread({ ...of, ...page, internal: false, limit: 10 })
        expect(read?.events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
        expect(read?.events.every(({ stream }) => stream === 'public')).toBe(true)
        expect(read?.hasMore).toBe(false)
      }
      expect(texts((await store.messages({ ...of, limit: 10 }))?.messages ?? [])).toEqual(['a', 'b', 'c'])
    })

    it('D4: after a number comes everything after it', async () => {
      const of = await aThread()
      const read = await store.thread({ ...of, internal: false, after: 2, limit: 10 })
      expect(texts(read?.events ?? [])).toEqual(['b', 'c'])
      expect(read?.thread.seq).toBe(4)
      expect((await store.thread({ ...of, internal: false, after: 4, limit: 10 }))?.events).toEqual([])
      expect((await store.thread({ ...of, internal: false, after: 99, limit: 10 }))?.events).toEqual([])
    })

    it('D4: who asks page by page, by both numbers, gets all of both streams in order', async () => {
      const of = await aThread()
      for (const limit of [1, 2, 3, 100]) {
        const seen: StoredEvent[] = []
        let [after, internalAfter] = [0, 0]
        for (let more = true; more;) {
          const page = await store.thread({ ...of, internal: true, after, internalAfter, limit })
          seen.push(...(page?.events ?? []))
          after = seen.findLast(({ stream }) => stream === 'public')?.seq ?? after
          internalAfter = seen.findLast(({ stream }) => stream === 'internal')?.seq ?? internalAfter
          more = page?.hasMore ?? false
        }
        expect(texts(seen)).toEqual(['conversation.opened', 'a', 'n1', 'b', 'n2', 'c'])
      }
    })

    it('internalAfter is 0 where it is missing', async () => {
      const of = await aThread()
      const read = await store.thread({ ...of, internal: true, after: 4, limit: 10 })
      expect(texts(read?.events ?? [])).toEqual(['n1', 'n2'])
    })

    it('nothing older than since is read', async () => {
      const of = await aThread()
      const all = (await store.thread({ ...of, internal: true, limit: 10 }))?.events ?? []
      const since = all[3]?.timestamp ?? 0
      for (const page of [{}, { after: 0, internalAfter: 0 }]) {
        const read = await store.thread({ ...of, ...page, internal: true, since, limit: 10 })
        expect(texts(read?.events ?? [])).toEqual(['b', 'n2', 'c'])
        expect(read?.hasMore).toBe(false)
      }
      expect(texts((await store.messages({ ...of, since, limit: 10 }))?.messages ?? [])).toEqual(['b', 'c'])
      const after = await store.messages({ ...of, since, afterTimestamp: 0, limit: 10 })
      expect(texts(after?.messages ?? [])).toEqual(['b', 'c'])
    })

    it('D4: messages after a timestamp, the oldest first; without one, the newest', async () => {
      const of = await aThread()
      const newest = await store.messages({ ...of, limit: 2 })
      expect(texts(newest?.messages ?? [])).toEqual(['b', 'c'])
      expect(newest?.hasMore).toBe(true)
      const seen: StoredEvent[] = []
      for (let afterTimestamp = 0, more = true; more;) {
        const page = await store.messages({ ...of, afterTimestamp, limit: 2 })
        seen.push(...(page?.messages ?? []))
        afterTimestamp = seen.at(-1)?.timestamp ?? afterTimestamp
        more = page?.hasMore ?? false
      }
      expect(texts(seen)).toEqual(['a', 'b', 'c'])
      expect(await store.messages({ ...of, afterTimestamp: seen.at(-1)?.timestamp ?? 0, limit: 2 })).toMatchObject({
        messages: [],
        hasMore: false,
        lastTimestamp: seen.at(-1)?.timestamp,
      })
    })

    it('D4: a time is found in a long stream, however far back', async () => {
      const of = somebody()
      const lines = Array.from({ length: 200 }, (_, index) =>
        index % 7 === 3 ? agentNotes(of, `note ${index}`) : visitorSends(of, `text ${index}`),
      )
      await put(...lines)
      const all = (await store.thread({ ...of, internal: true, limit: 300 }))?.events ?? []
      const inPublic = all.filter(({ stream }) => stream === 'public')
      const messages = all.filter(({ name: kind }) => kind === 'message.sent')
      expect(all).toHaveLength(201)
      const first = (events: readonly StoredEvent[]) => ({
        texts: texts(events.slice(0, 5)),
        hasMore: events.length > 5,
      })
      const last = (events: readonly StoredEvent[]) => ({ texts: texts(events.slice(-5)), hasMore: events.length > 5 })
      const messagesOf = async (query: { afterTimestamp?: number; since?: number }) => {
        const read = await store.messages({ ...of, ...query, limit: 5 })
        if (read?.messages.length === 0 && query.afterTimestamp !== undefined) {
          const cursor = Math.max(query.afterTimestamp, (query.since ?? 0) - 1)
          expect(read.reached).toBe(inPublic.findLast(({ timestamp }) => timestamp <= cursor)?.timestamp ?? 0)
          expect(Math.abs(read.now - Date.now())).toBeLessThan(60_000)
        }
        return { texts: texts(read?.messages ?? []), hasMore: read?.hasMore }
      }
      const threadOf = async (query: { internal: boolean; before?: number; since?: number }) => {
        const read = await store.thread({ ...of, ...query, limit: 5 })
        return { texts: texts(read?.events ?? []), hasMore: read?.hasMore }
      }
      for (const { timestamp: time } of all) {
        const since = messages.filter(({ timestamp }) => timestamp >= time)
        expect(await messagesOf({ afterTimestamp: time })).toEqual(
          first(since.filter(({ timestamp }) => timestamp > time)),
        )
        expect(await messagesOf({ afterTimestamp: 0, since: time })).toEqual(first(since))
        expect(await messagesOf({ since: time })).toEqual(last(since))
        for (const internal of [true, false]) {
          const events = internal ? all : inPublic
          expect(await threadOf({ internal, before: time })).toEqual(
            last(events.filter(({ timestamp }) => timestamp < time)),
          )
          expect(await threadOf({ internal, since: time })).toEqual(
            last(events.filter(({ timestamp }) => timestamp >= time)),
          )
        }
      }
    })

    it('P3: an unknown visitor, or one of another workspace, is undefined', async () => {
      const of = await aThread()
      for (const stranger of [somebody(), { ...of, workspaceId: other }]) {
        expect(await store.thread({ ...stranger, internal: true, limit: 1 })).toBeUndefined()
        expect(await store.messages({ ...stranger, limit: 1 })).toBeUndefined()
        expect(await store.markRead({ ...stranger, by: 'agents', seq: 1 })).toBeUndefined()
      }
    })

    it('a mark is raised and never lowered, and does not pass the end', async () => {
      const of = await aThread()
      expect(await store.markRead({ ...of, by: 'agents', seq: 3 })).toEqual({ seq: 3, raised: false })
      const unread = async () => (await store.thread({ ...of, internal: true, limit: 1 }))?.thread.conversation?.unread
      expect(await unread()).toBe(1)
      expect(await store.markRead({ ...of, by: 'agents', seq: 99 })).toEqual({ seq: 4, raised: true })
      expect(await unread()).toBe(0)
      expect(await store.markRead({ ...of, by: 'agents', seq: 1 })).toEqual({ seq: 4, raised: false })
      await put(agentSends(of, 'd'))
      expect(await store.markRead({ ...of, by: 'visitor', seq: 5 })).toEqual({ seq: 5, raised: true })
      const head = (await store.thread({ ...of, internal: true, limit: 1 }))?.thread.conversation
      expect(head).toMatchObject({ readByAgents: 5, readByVisitor: 5, unread: 0 })
    })
  })

  describe(`${name}: lists`, () => {
    let store: ConversationStore
    let workspaceId: WorkspaceId
    let other: WorkspaceId
    const ben = { id: 'agt_ben' as AgentId, name: 'Ben' }
    beforeAll(async () => {
      const created = await create()
      store = created.store
      ;[workspaceId, other] = created.workspaces
      const of = (visitorId: string) => ({ workspaceId, visitorId })
      // Each in a batch of its own, so that their times may differ or not, as it comes.
      for (const visitorId of ['l1', 'l2', 'l3', 'l4', 'l5', 'l6'])
        await store.change([visitorSends(of(visitorId), visitorId)])
      await store.change([agentAssigns(of('l1'), ANN), agentAssigns(of('l2'), ben), agentCloses(of('l6'))])
      await store.change([
        visitorSends({ workspaceId: other, visitorId: 'foreign' }, 'x'),
        visitorSends(of('l3'), 'again'),
        // A second one, a millisecond later by rule: the first may share its time with somebody else's.
        visitorSends(of('l3'), 'and again'),
      ])
    })
    const visitors = async (query: Partial<Parameters<ConversationStore['list']>[0]>) =>
      (await store.list({ workspaceId, status: 'open', limit: 100, ...query }))
        .map(({ visitorId }) => visitorId)
        .filter((visitorId) => /^(l\d|foreign)$/u.test(visitorId))

    it('P3: the last changed comes first, of this workspace alone', async () => {
      expect((await visitors({}))[0]).toBe('l3')
      expect((await visitors({})).toSorted()).toEqual(['l1', 'l2', 'l3', 'l4', 'l5'])
      expect(await visitors({ status: 'closed' })).toEqual(['l6'])
      expect(await visitors({ workspaceId: other })).toEqual(['foreign'])
    })

    it('keeps to an assignee, or to nobody', async () => {
      expect(await visitors({ assignee: ANN.id })).toEqual(['l1'])
      expect(await visitors({ assignee: ben.id })).toEqual(['l2'])
      expect((await visitors({ assignee: null })).toSorted()).toEqual(['l3', 'l4', 'l5'])
    })

    it('page by page, each once, for any size of page', async () => {
      const whole = await store.list({ workspaceId, status: 'open', limit: 500 })
      for (const limit of [1, 2, 3]) {
        const seen: typeof whole = []
        for (let more = true; more;) {
          const before = seen.at(-1)
          const page = await store.list({
            workspaceId,
            status: 'open',
            limit,
            ...(before === undefined ? {} : { before }),
          })
          seen.push(...page)
          more = page.length === limit
        }
        expect(seen).toEqual(whole)
      }
    })
  })
}
