/** Everything that is live while an agent is signed in: made once at sign-in, closed at sign-out. */
import {
  browserStorage,
  type Connection,
  createConnection,
  createInbox,
  createOutbox,
  type Inbox,
  type Outbox,
  type Store,
  watchTyping,
} from '@dosti/client'
import type { Me, Party } from '@dosti/contracts'
import { PROTOCOL_VERSION } from '@dosti/contracts/names'
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import { http, requestsOf, sessionOf } from './session.ts'
import type { Settings } from './settings.ts'

export interface Live {
  me: Me
  connection: Connection
  inbox: Inbox
  outbox: Outbox
  typing: Store<ReadonlyMap<string, readonly Party[]>>
  /** Before every key kept in this browser: two installations or two people never read each other's. */
  storageScope: string
}

const LiveContext = createContext<Live | null>(null)

function createLive(me: Me, settings: Settings): Live & { close: () => void } {
  const connection = createConnection({
    gateway: settings.gateway,
    // A ticket is that of whoever holds the cookie: looked at afterwards, so that it cannot have changed before.
    hello: async () => {
      const { ticket } = await http.request('ticket.create', {})
      await sessionOf(me.agent.id)
      return { ticket }
    },
    overHttp: {
      request: requestsOf(me.agent.id),
      welcome: async () => {
        const { agent } = await sessionOf(me.agent.id)
        return { protocol: PROTOCOL_VERSION, agent: { id: agent.id, name: agent.name }, now: Date.now() }
      },
    },
  })
  const storageScope = `dosti.${settings.installation}.${me.agent.id}`
  const outbox = createOutbox({ connection, storage: browserStorage(), scope: storageScope })
  const inbox = createInbox({ connection })
  const typing = watchTyping({ connection, ignore: (party) => party.kind === 'agent' && party.id === me.agent.id })
  const close = () => {
    typing.close()
    inbox.close()
    outbox.close()
    connection.close()
  }
  return { me, connection, inbox, outbox, typing: typing.typing, storageScope, close }
}

/** Connects for as long as it is on screen; each agent has one of their own, by its key. */
export function LiveProvider({ me, settings, children }: { me: Me; settings: Settings; children: ReactNode }) {
  const [live, setLive] = useState<Live | null>(null)
  useEffect(() => {
    const created = createLive(me, settings)
    created.connection.connect()
    setLive(created)
    return created.close
  }, [settings])
  return live === null ? null : <LiveContext value={live}>{children}</LiveContext>
}

/** The live things; only below `LiveProvider`. */
export function useLive(): Live {
  const live = useContext(LiveContext)
  if (live === null) throw new Error('useLive is called outside LiveProvider')
  return live
}

/** A store's snapshot, kept current. */
export const useStore = <T,>(store: Store<T>): T => useSyncExternalStore(store.subscribe, store.get)
