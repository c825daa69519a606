/** The product's writer and store without the rest of it: what storing costs when nobody is identified, limited, counted or told. */
import { createConversations } from '@dosti/conversations'
import { createAccountStore, createConversationStore, createDb } from '@dosti/db'
import { createIds } from '@dosti/runtime'
import { WORKSPACE } from '../src/world.ts'
import type { Stored } from './group-commit.ts'

/** Stores messages of open visitors of the workspace that is measured: numbered, in order, with their heads. */
export async function ourStore(databaseUrl: string) {
  const db = await createDb(databaseUrl)
  const { 'message.send': send } = createConversations({
    store: createConversationStore(db, { ids: createIds() }),
    publisher: { publish: () => {} },
    agents: createAccountStore(db),
    clock: Date.now,
    stopwatch: () => performance.now(),
    defer: setImmediate,
  })
  return async (visitorId: string, text: string): Promise<Stored> => {
    const actor = { kind: 'visitor', workspaceId: WORKSPACE, visitorId, bound: false } as const
    const { event } = await send(actor, { text }, { requestId: '' })
    return { id: event.id, timestamp: event.timestamp }
  }
}
