import { DostiError, evolve } from '@dosti/contracts'
import type { AgentsConversation, ConversationId, StoredEvent, WorkspaceId } from '@dosti/contracts'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Change, Changed, ConversationStore, Outcome } from '../src/ports.ts'
import { ANN, agentAssigns, agentCloses, agentNotes, agentSends, visitorSends } from './changes.ts'
import { registerReadingContract } from './reading-contract.ts'

/** A store under test, with two workspaces that exist in it. */
export interface StoreUnderTest {
  store: ConversationStore
  workspaces: [WorkspaceId, WorkspaceId]
}

/** What an outcome must be for the test to go on. */
export function changedOf(outcome: Outcome | undefined): Changed {
  if (outcome === undefined) throw new Error('there is no outcome')
  if (!outcome.ok) throw outcome.error
  return outcome.changed
}

/** The rules of `ConversationStore`, the same for the memory and for Postgres. Each part of the suite creates a store once. */
// Long as test files are: one function, so that any store can be given to all of it.
export function registerStoreContract(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`${name}: changes`, () => {
    let store: ConversationStore
    let workspaceId: WorkspaceId
    let other: WorkspaceId
    let count = 0
    beforeAll(async () => {
      const created = await create()
      store = created.store
      ;[workspaceId, other] = created.workspaces
    })
    const somebody = () => ({ workspaceId, visitorId: `somebody ${(count += 1)}` })
    const all = async (...changes: Change[]) => (await store.change(changes)).map(changedOf)
    const one = async (change: Change) => changedOf((await store.change([change]))[0])
    const eventsOf = async (of: { workspaceId: WorkspaceId; visitorId: string }): Promise<StoredEvent[]> =>
      (await store.thread({ ...of, internal: true, limit: 500 }))?.events ?? []

    it('D3: numbers each stream without gaps, and timestamps rise over both', async () => {
      const of = somebody()
      await all(visitorSends(of, 'one'), agentNotes(of, 'psst'), agentSends(of, 'two'), agentNotes(of, 'hm'))
      await all(visitorSends(of, 'three'))
      const events = await eventsOf(of)
      expect(events.map(({ name }) => name)).toEqual([
        'conversation.opened',
        'message.sent',
        'note.added',
        'message.sent',
        'note.added',
        'message.sent',
      ])
      expect(events.filter(({ stream }) => stream === 'public').map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
      expect(events.filter(({ stream }) => stream === 'internal').map(({ seq }) => seq)).toEqual([1, 2])
      events.reduce((before, { timestamp }) => {
        expect(timestamp).toBeGreaterThan(before)
        return timestamp
      }, 0)
    })

    it('stamps with the milliseconds of now and names events by what they are', async () => {
      const of = somebody()
      const { events } = await one(visitorSends(of, 'hi'))
      const [opened, sent] = events
      expect(Math.abs((sent?.timestamp ?? 0) - Date.now())).toBeLessThan(60_000)
      expect(opened?.id).toMatch(/^evt_/)
      expect(sent?.id).toMatch(/^msg_/)
      expect((await one(agentNotes(of, 'n'))).events[0]?.id).toMatch(/^note_/)
    })

    it('D1: gives back exactly what it stored', async () => {
      const of = somebody()
      const changed = await all(visitorSends(of, 'hi', { clientMessageId: 'c', name: 'Zoë' }), agentSends(of, 'hello'))
      expect(await eventsOf(of)).toEqual(changed.flatMap(({ events }) => events))
      const read = await store.thread({ ...of, internal: true, limit: 1 })
      expect(read?.thread.conversation).toEqual(changed.at(-1)?.conversation)
    })

    it('D2: a repeat is the message of the first time, and writes nothing', async () => {
      const of = somebody()
      const first = await one(visitorSends(of, 'hi', { clientMessageId: 'c1' }))
      await one(visitorSends(of, 'more'))
      const again = await one(visitorSends(of, 'hi', { clientMessageId: 'c1' }))
      expect(again.repeated).toBe(true)
      expect(again.events).toEqual([first.events.at(-1)])
      expect(again.conversation?.seq).toBe(3)
      expect(await eventsOf(of)).toHaveLength(3)
    })

    it('D2: repeats within one batch are one message', async () => {
      const of = somebody()
      const changed = await all(...[1, 2, 3].map(() => visitorSends(of, 'hi', { clientMessageId: 'c1' })))
      expect(changed.map(({ repeated }) => repeated)).toEqual([false, true, true])
      expect(new Set(changed.map(({ events }) => events.at(-1)?.id)).size).toBe(1)
      expect(await eventsOf(of)).toHaveLength(2)
    })

    it('D2: the same id with another text, or as something else, is a conflict', async () => {
      const of = somebody()
      await all(visitorSends(of, 'hi', { clientMessageId: 'c1' }), agentSends(of, 'yes', 'c2'))
      const outcomes = await store.change([
        visitorSends(of, 'ho', { clientMessageId: 'c1' }),
        agentNotes(of, 'yes', 'c2'),
      ])
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ ok: false, error: { code: 'message.conflict' } })
        expect(outcome.ok ? undefined : outcome.error).toBeInstanceOf(DostiError)
      }
      expect(await eventsOf(of)).toHaveLength(3)
    })

    it('D2: the ids of other senders, visitors and workspaces are apart', async () => {
      const [a, b] = [somebody(), somebody()]
      const changed = await all(
        visitorSends(a, 'x', { clientMessageId: 'c' }),
        agentSends(a, 'y', 'c'),
        visitorSends(b, 'z', { clientMessageId: 'c' }),
        visitorSends({ ...a, workspaceId: other }, 'w', { clientMessageId: 'c' }),
      )
      expect(changed.map(({ repeated }) => repeated)).toEqual([false, false, false, false])
    })

    it('a refused decision fails alone and leaves nothing behind', async () => {
      const [good, bad] = [somebody(), somebody()]
      const refusal = new DostiError('access.denied')
      const refused: Change = {
        ...bad,
        createVisitor: true,
        decide: () => {
          throw refusal
        },
      }
      const outcomes = await store.change([visitorSends(good, 'a'), refused, visitorSends(good, 'b')])
      expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true])
      expect(outcomes[1]).toEqual({ ok: false, error: refusal })
      expect(await store.thread({ ...bad, internal: true, limit: 1 })).toBeUndefined()
      expect(await eventsOf(good)).toHaveLength(3)
    })

    it('a decision without events changes nothing, and makes no visitor', async () => {
      const [known, unknown] = [somebody(), somebody()]
      await one(visitorSends(known, 'hi'))
      const nothing = (of: typeof known): Change => ({
        ...of,
        createVisitor: true,
        decide: () => ({ events: [], visitorName: 'X' }),
      })
      const [first, second] = await all(nothing(known), nothing(unknown))
      expect(first).toMatchObject({ events: [], repeated: false, conversation: { seq: 2, visitorName: null } })
      expect(second).toEqual({ events: [], repeated: false, conversation: null })
      expect(await store.thread({ ...unknown, internal: true, limit: 1 })).toBeUndefined()
    })

    it('gives a decision no thread where no visitor is to be made', async () => {
      const of = somebody()
      const given: unknown[] = []
      const look = (createVisitor: boolean): Change => ({
        ...of,
        createVisitor,
        decide: (thread) => {
          given.push(thread)
          return { events: [] }
        },
      })
      await all(look(false), look(true))
      expect(given).toEqual([
        undefined,
        {
          visitorId: of.visitorId,
          visitorName: null,
          bound: false,
          seq: 0,
          internalSeq: 0,
          lastTimestamp: 0,
          conversation: null,
        },
      ])
    })

    it('changes of one visitor in one batch see each other, in their order', async () => {
      const of = somebody()
      const seen: (number | undefined)[] = []
      const spy = (change: Change): Change => ({
        ...change,
        decide: (thread, stamp) => {
          seen.push(thread?.seq)
          return change.decide(thread, stamp)
        },
      })
      await all(spy(visitorSends(of, 'a')), spy(visitorSends(of, 'b')), spy(agentSends(of, 'c')))
      expect(seen).toEqual([0, 2, 3])
    })

    it('refuses an event that does not belong to the current conversation', async () => {
      const of = somebody()
      await one(visitorSends(of, 'hi'))
      const foreign: Change = {
        ...of,
        createVisitor: false,
        decide: () => ({
          events: [{ name: 'conversation.closed', data: {}, actor: { kind: 'system' }, conversationId: 'cnv_foreign' }],
        }),
      }
      const [outcome] = await store.change([foreign])
      expect(outcome?.ok).toBe(false)
      expect(await eventsOf(of)).toHaveLength(2)
    })

    it('the last name given stays, and the head carries it', async () => {
      const of = somebody()
      expect((await one(visitorSends(of, 'a', { name: 'Ali' }))).conversation?.visitorName).toBe('Ali')
      expect((await one(visitorSends(of, 'b'))).conversation?.visitorName).toBe('Ali')
      expect((await one(visitorSends(of, 'c', { name: 'علی' }))).conversation?.visitorName).toBe('علی')
      expect((await store.thread({ ...of, internal: false, limit: 1 }))?.thread.visitorName).toBe('علی')
    })

    it('D3: the head is what its events come to', async () => {
      const of = somebody()
      await all(
        visitorSends(of, 'a'),
        agentSends(of, 'b'),
        agentNotes(of, 'n'),
        agentAssigns(of, ANN),
        visitorSends(of, 'c'),
      )
      await all(agentCloses(of), visitorSends(of, 'd', { name: 'Eve' }))
      const events = await eventsOf(of)
      const folded = events.reduce<AgentsConversation | null>(evolve, null)
      expect((await store.thread({ ...of, internal: true, limit: 1 }))?.thread.conversation).toEqual(folded)
    })

    it('a new conversation takes the place of the closed one, and the numbers go on', async () => {
      const of = somebody()
      const [first] = await all(visitorSends(of, 'a'), agentCloses(of))
      const [second, closed, third] = await all(visitorSends(of, 'b'), agentCloses(of), visitorSends(of, 'c'))
      const ids = [first, second, third].map((changed) => changed?.conversation?.id)
      expect(new Set<ConversationId | undefined>(ids).size).toBe(3)
      expect(closed?.conversation?.status).toBe('closed')
      expect(third?.events.map(({ seq }) => seq)).toEqual([7, 8])
      const heads = [
        ...(await store.list({ workspaceId, status: 'open', limit: 500 })),
        ...(await store.list({ workspaceId, status: 'closed', limit: 500 })),
      ]
      expect(heads.filter(({ visitorId }) => visitorId === of.visitorId).map(({ id }) => id)).toEqual([ids[2]])
    })

    it('P3: one visitor id in two workspaces is two strangers', async () => {
      const of = somebody()
      await all(
        visitorSends(of, 'mine'),
        visitorSends({ ...of, workspaceId: other }, 'theirs'),
        visitorSends(of, 'mine too'),
      )
      expect(await eventsOf(of)).toHaveLength(3)
      expect(await eventsOf({ ...of, workspaceId: other })).toHaveLength(2)
    })

    it.each(['__proto__', 'constructor', 'a b', "o'neil", '"', '\\', ',*{}%', 'زائر', '👩‍👩‍👧', 'e\u0301', '\u2028', '*'])(
      'takes the visitor id %j as it is',
      async (visitorId) => {
        const text = `${visitorId} \\n "quoted" \u2028 🙂 {"json": [1]} \n\t`
        const { events } = await one(visitorSends({ workspaceId, visitorId }, text, { clientMessageId: visitorId }))
        expect(await eventsOf({ workspaceId, visitorId })).toEqual(events)
        expect(events.at(-1)).toMatchObject({ visitorId, data: { text } })
        expect(
          (await one(visitorSends({ workspaceId, visitorId }, text, { clientMessageId: visitorId }))).repeated,
        ).toBe(true)
      },
    )

    it('outcomes come in the order of the changes, however many', async () => {
      const visitors = Array.from({ length: 50 }, somebody)
      const changes = Array.from({ length: 500 }, (_, index) => {
        const of = visitors[(index * 7) % 50]
        if (of === undefined) throw new Error('unreachable')
        return visitorSends(of, `message ${index}`)
      })
      const changed = await all(...changes)
      expect(changed.map(({ events }) => (events.at(-1) as StoredEvent & { name: 'message.sent' }).data.text)).toEqual(
        changes.map((_, index) => `message ${index}`),
      )
    })

    it('an empty batch is nothing', async () => {
      expect(await store.change([])).toEqual([])
    })
  })
  registerReadingContract(name, create)
}
