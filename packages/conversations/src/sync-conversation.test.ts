import type { AgentActor, StoredEvent, VisitorActor } from '@dosti/contracts'
import { beforeEach, describe, expect, it } from 'vitest'
import { countingIds } from '../testing/counting-ids.ts'
import { agentNotes, visitorSends } from '../testing/changes.ts'
import { createMemoryStore } from '../testing/memory-store.ts'
import type { ConversationStore, ThreadRead } from './ports.ts'
import { resumeThreads } from './resume-threads.ts'
import { followsOn, newestWithin, readThread } from './sync-conversation.ts'

const visitor: VisitorActor = { kind: 'visitor', workspaceId: 'wsp_a', visitorId: 'v', bound: true }
const agent: AgentActor = {
  kind: 'agent',
  workspaceId: 'wsp_a',
  agentId: 'agt_ann',
  agentName: 'Ann',
  sessionId: 'ses_a',
}
const of = { workspaceId: 'wsp_a', visitorId: 'v' } as const
const request = { requestId: 'r' }

let store: ConversationStore
const reading = () => ({ store, clock: Date.now })
const write = (texts: readonly string[], visitorId = 'v') =>
  store.change(texts.map((text) => visitorSends({ workspaceId: 'wsp_a', visitorId }, text)))
const resume = async (actor: VisitorActor | AgentActor, ...threads: { visitorId?: string; seq: number }[]) =>
  (await resumeThreads(reading())(actor, { threads }, request)).threads.map(({ status, page }) => [
    status,
    page?.events.map(({ stream, seq }) => (stream === 'public' ? seq : -seq)),
  ])
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

beforeEach(() => {
  store = createMemoryStore({ ids: countingIds() })
})

describe('D4 followsOn', () => {
  const read = (seq: number, numbers: number[], hasMore = false) =>
    ({
      thread: { seq, internalSeq: 2 },
      events: numbers.map((number) => ({ stream: 'public', seq: number })),
      hasMore,
    }) as unknown as ThreadRead
  it.each([
    ['all that follows', read(5, [4, 5]), 3, undefined, true],
    ['nothing new', read(5, []), 5, 2, true],
    ['there is more', read(600, [4, 5], true), 3, undefined, false],
    ['a part is out of reach', read(5, [5]), 3, undefined, false],
    ['ahead of the stream', read(5, []), 6, undefined, false],
    ['ahead of the internal stream', read(5, []), 5, 3, false],
  ])('%s', (_name, page, after, internalAfter, follows) => expect(followsOn(page, after, internalAfter)).toBe(follows))
})

describe('newestWithin', () => {
  const events = ['aaaa', 'ببب', 'cc'].map((text, index) => ({ seq: index, data: { text } }) as unknown as StoredEvent)
  const bytes = (...indexes: number[]) => indexes.reduce((sum, index) => sum + 28 + ([4, 12, 2][index] ?? 0), 0)
  it.each([
    [bytes(0, 1, 2), [0, 1, 2]],
    [bytes(0, 1, 2) - 1, [1, 2]],
    [bytes(1, 2) - 1, [2]],
    [0, [2]],
  ])('%i bytes', (bytesMax, seqs) => expect(newestWithin(events, bytesMax).map((event) => event.seq)).toEqual(seqs))
  it('nothing of nothing', () => expect(newestWithin([], 0)).toEqual([]))
})

describe('D4 resume', () => {
  it('replays what follows, of both streams for an agent', async () => {
    await write(['one', 'two', 'three'])
    await store.change([agentNotes(of, 'careful')])
    expect(await resume(visitor, { seq: 2 })).toEqual([['replayed', [3, 4]]])
    expect(await resume(visitor, { seq: 4 })).toEqual([['replayed', []]])
    expect(await resume(agent, { visitorId: 'v', seq: 3 }, { visitorId: 'nobody', seq: 0 })).toEqual([
      ['replayed', [4, -1]],
      ['not_found', undefined],
    ])
  })
  it('a number that the stream has not reached, or too much to replay: a fresh snapshot', async () => {
    await write(range(1, 600).map((index) => `text ${index}`))
    expect(await resume(visitor, { seq: 700 })).toEqual([['resync_required', range(552, 601)]])
    expect(await resume(visitor, { seq: 100 })).toEqual([['resync_required', range(552, 601)]])
    expect(await resume(visitor, { seq: 101 })).toEqual([['replayed', range(102, 601)]])
  })
  it('F2 all threads of a request share the bytes of one page', async () => {
    const visitorIds = range(1, 50).map((index) => `v${index}`)
    for (const visitorId of visitorIds)
      await write(
        Array.from({ length: 10 }, () => 'x'.repeat(5000)),
        visitorId,
      )
    const { threads } = await resumeThreads(reading())(
      agent,
      { threads: visitorIds.map((visitorId) => ({ visitorId, seq: 1 })) },
      request,
    )
    expect(new Set(threads.map(({ status, page }) => `${status} ${page?.events.length}`))).toEqual(
      new Set(['resync_required 1']),
    )
    expect(threads.every(({ page }) => page?.hasOlder && page.snapshot && page.events[0]?.seq === 11)).toBe(true)
    expect(JSON.stringify(threads).length).toBeLessThan(600_000)
    expect((await resume(agent, { visitorId: 'v1', seq: 1 }))[0]?.[0]).toBe('replayed')
  })
})

it('F2 a page holds the newest that may be sent, and says that there is older', async () => {
  await write(Array.from({ length: 200 }, () => 'x'.repeat(5000)))
  const page = await readThread(reading(), visitor, { limit: 500 })
  expect(page?.events.at(-1)?.seq).toBe(201)
  expect(page?.events.length).toBeGreaterThan(80)
  expect(page?.events.length).toBeLessThan(100)
  expect(page?.hasOlder).toBe(true)
  const older = await readThread(reading(), visitor, { limit: 500, before: page?.events[0]?.timestamp ?? 0 })
  expect(older?.events.at(-1)?.seq).toBe((page?.events[0]?.seq ?? 0) - 1)
  expect(older?.hasOlder).toBe(true)
})
