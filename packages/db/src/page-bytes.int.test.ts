import type { StoredEvent } from '@dosti/contracts'
import { PAGE_BYTES_MAX } from '@dosti/contracts'
import type { ConversationStore } from '@dosti/conversations'
import { visitorSends } from '@dosti/conversations/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { openTestDb, WORKSPACES, randomIds as ids } from '../testing/open-db.ts'
import { createConversationStore } from './conversation-store.ts'

const [workspaceId] = WORKSPACES
const of = { workspaceId, visitorId: 'long' }
/** Twenty kilobytes each, and more of them than a page takes. */
const COUNT = 70
const LONG = '😀'.repeat(5000)

describe('a page takes so many bytes, and leads on to the rest', () => {
  let store: ConversationStore
  let stored: string[]
  beforeAll(async () => {
    store = createConversationStore((await openTestDb()).db, { ids })
    for (let count = 0; count < COUNT; count += 1) await store.change([visitorSends(of, `${count} ${LONG}`)])
    await store.change([visitorSends({ workspaceId, visitorId: 'short' }, 'Hi')])
    stored = Array.from({ length: COUNT }, (_, count) => String(count))
  })
  const bytesOf = (events: readonly StoredEvent[]) => Buffer.byteLength(JSON.stringify(events))
  const wordsOf = (events: readonly StoredEvent[]) =>
    events.flatMap(({ data }) => ('text' in data ? [data.text.split(' ')[0]] : []))

  it('of messages after a time', async () => {
    const seen: (string | undefined)[] = []
    let afterTimestamp = 0
    for (let more = true; more;) {
      const page = await store.messages({ workspaceId, visitorId: 'long', limit: 500, afterTimestamp })
      const messages = page?.messages ?? []
      expect(bytesOf(messages)).toBeLessThan(PAGE_BYTES_MAX + 30_000)
      seen.push(...wordsOf(messages))
      afterTimestamp = messages.at(-1)?.timestamp ?? Infinity
      more = page?.hasMore ?? false
    }
    expect(seen).toEqual(stored)
  })

  it('of the newest messages', async () => {
    const page = await store.messages({ ...of, limit: 500 })
    expect(bytesOf(page?.messages ?? [])).toBeLessThan(PAGE_BYTES_MAX + 30_000)
    expect([wordsOf(page?.messages ?? []).at(-1), page?.hasMore]).toEqual([stored.at(-1), true])
  })

  it.each([false, true])('of a thread backwards, with notes or without: %s', async (internal) => {
    const seen: (string | undefined)[] = []
    let before: number | undefined
    for (let more = true; more;) {
      const page = await store.thread({ ...of, internal, limit: 500, ...(before === undefined ? {} : { before }) })
      const events = page?.events ?? []
      expect(bytesOf(events)).toBeLessThan(PAGE_BYTES_MAX + 30_000)
      seen.unshift(...wordsOf(events))
      before = events[0]?.timestamp ?? -1
      more = page?.hasMore ?? false
    }
    expect(seen).toEqual(stored)
  })

  it.each([false, true])('of a thread after a number, with notes or without: %s', async (internal) => {
    const page = await store.thread({ ...of, internal, limit: 500, after: 0, internalAfter: 0 })
    expect(bytesOf(page?.events ?? [])).toBeLessThan(PAGE_BYTES_MAX + 30_000)
    expect([wordsOf(page?.events ?? [])[0], page?.hasMore]).toEqual(['0', true])
  })

  it('what fits is whole', async () => {
    const short = { workspaceId, visitorId: 'short' }
    expect(await store.messages({ ...short, limit: 1, afterTimestamp: 0 })).toMatchObject({ hasMore: false })
    expect(await store.thread({ ...short, internal: false, limit: 2 })).toMatchObject({ hasMore: false })
    expect(await store.thread({ ...short, internal: false, limit: 1 })).toMatchObject({ hasMore: true })
  })
})
