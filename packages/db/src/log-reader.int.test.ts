import { visitorSends } from '@dosti/conversations/testing'
import { startPostgres } from '@dosti/testkit'
import pg from 'pg'
import { expect, it } from 'vitest'
import { addWorkspaces, openDb, randomIds as ids } from '../testing/open-db.ts'
import { createConversationStore } from './conversation-store.ts'
import { createLogReader } from './log-reader.ts'
import { migrate } from './migrate.ts'

it('anybody can look what was written from one transaction up to another, once all below are over', async () => {
  // A server of its own: the oldest running transaction of the whole server decides what is over.
  const { url } = await startPostgres()
  await migrate(url)
  const db = await openDb(url)
  await addWorkspaces(db)
  const store = createConversationStore(db, { ids })
  const workspaceId = 'wsp_a'
  const reader = createLogReader(db)
  const { unbegun: from } = await reader.snapshot()
  const slow = new pg.Client(url)
  await slow.connect()
  await slow.query('BEGIN; SELECT pg_current_xact_id()')
  await store.change([visitorSends({ workspaceId, visitorId: 'looked at' }, 'one')])
  await store.change([visitorSends({ workspaceId: 'wsp_b', visitorId: 'looked at' }, 'two')])
  const held = await reader.snapshot()
  expect(await reader.keys(from, held.finished, 100)).toEqual([])
  await slow.query('COMMIT')
  await slow.end()
  const { finished } = await reader.snapshot()
  const keys = await reader.keys(from, finished, 100)
  expect(keys.map(({ workspaceId: id, visitorId, stream, seq }) => [id, visitorId, stream, seq])).toEqual([
    ['wsp_a', 'looked at', 'public', 1],
    ['wsp_a', 'looked at', 'public', 2],
    ['wsp_b', 'looked at', 'public', 1],
    ['wsp_b', 'looked at', 'public', 2],
  ])
  expect(await reader.ids(from, finished, 100)).toEqual({ ids: keys.map(({ id }) => id), last: keys.at(-1)?.xid })
  expect(await reader.ids(from, finished, 1)).toEqual({
    ids: keys.slice(0, 2).map(({ id }) => id),
    last: keys[0]?.xid,
  })
  expect(await reader.ids(from, held.finished, 100)).toBeUndefined()
  // Whole transactions, though one event would have been enough.
  expect(await reader.keys(from, finished, 1)).toEqual(keys.slice(0, 2))
  expect(await reader.keys(String(BigInt(keys[0]?.xid ?? 0) + 1n), finished, 100)).toEqual(keys.slice(2))
  const events = await reader.events(keys.toReversed())
  expect(events.map(({ workspaceId: id, event }) => [id, event.id])).toEqual(
    keys.toReversed().map(({ workspaceId: id, id: eventId }) => [id, eventId]),
  )
  const texts = events.flatMap(({ event }) => ('text' in event.data ? [event.data.text] : []))
  expect(texts).toEqual(['two', 'one'])
})
