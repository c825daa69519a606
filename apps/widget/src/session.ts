/** One visitor's live chat, without a screen: key to configuration, identity, line, thread. */
import {
  browserStorage,
  createConnection,
  createOutbox,
  createStore,
  createTypingSignal,
  openThread,
  watchTyping,
  type Connection,
  type HttpRoad,
  type Outbox,
  type RequestError,
  type Store,
  type Thread,
  type TypingSignal,
  type TypingWatch,
} from '@dosti/client'
import { PROTOCOL_VERSION } from '@dosti/contracts/names'
import { forgetIdentity, heldIdentity, httpAs, makeIdentity, type Identity } from './identity.ts'
import { warn } from './warn.ts'
import { fetchConfig, type WidgetConfig } from './widget-config.ts'

export interface Session {
  connection: Connection
  outbox: Outbox
  thread: Thread
  typing: TypingSignal
  othersTyping: TypingWatch
  /** Null until the gateway has told it. */
  config: Store<WidgetConfig | null>
  /** What is typed and not sent; outlives closing the panel and moving on to the next page. */
  draft: { get: () => string; set: (text: string) => void }
  /** Leaves no timer, listener or socket. */
  close: () => void
}

/** A session that connects at once; every step before the hello is tried again with the line itself. */
export function startSession(gateway: string, publicKey: string): Session {
  const storage = browserStorage()
  const config = createStore<WidgetConfig | null>(null)
  let identity: Identity | null = null
  const introduce = async () => {
    const known = config.get() ?? (await fetchConfig(gateway, publicKey))
    config.set(known)
    // A page may empty its storage, and another tab fill it again: who is talking goes on until it is left, or refused.
    const made = identity ?? heldIdentity(storage, publicKey) ?? (await makeIdentity(storage, publicKey, known.api))
    identity = made
    return { made, http: httpAs(made, publicKey, known.api) }
  }
  const hello = async () => ({ key: publicKey, ...(await introduce()).made })
  const overHttp: HttpRoad = {
    welcome: async () => {
      const { made, http } = await introduce()
      await http.request('conversation.sync', { limit: 1 })
      return { protocol: PROTOCOL_VERSION, visitorId: made.visitorId, now: Date.now() }
    },
    request: async (operation, input) => (await introduce()).http.request(operation, input),
  }
  const onRefused = (error: RequestError) => {
    if (identity !== null && (error.code === 'visitor.token_required' || error.code.startsWith('auth.'))) {
      forgetIdentity(storage, publicKey, identity)
      identity = null
      return 'retry'
    }
    warn(`${error.message} (${error.code})`)
    return 'stop'
  }
  const connection = createConnection({ gateway, hello, onRefused, overHttp })
  const outbox = createOutbox({ connection, storage, scope: publicKey })
  const thread = openThread({ connection, outbox, audience: 'visitor' })
  const typing = createTypingSignal({ connection })
  const othersTyping = watchTyping({ connection, ignore: (party) => party.kind === 'visitor' })
  const drafts = browserStorage('sessionStorage')
  const draftName = `dosti:draft:${publicKey}`
  connection.connect()
  return {
    connection,
    outbox,
    thread,
    typing,
    othersTyping,
    config,
    draft: {
      get: () => drafts.get(draftName) ?? '',
      set: (text) => (text === '' ? drafts.remove(draftName) : drafts.set(draftName, text)),
    },
    close: () => {
      for (const part of [typing, othersTyping, thread, outbox, connection]) part.close()
    },
  }
}
