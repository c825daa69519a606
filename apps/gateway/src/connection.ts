/** What one live connection may do, whichever socket carries it: ask through the one door, and leave no typing sign behind. */
import { randomUUID } from 'node:crypto'
import type { Actor, OperationName, Reply } from '@dosti/contracts'
import type { Dispatch } from '@dosti/runtime'
import type { Admission } from './admission.ts'
import type { Drain } from './drain.ts'
import type { Newcomer } from './tell-missed.ts'

/** A ping goes out so often, on both sockets. Who has not answered by the next is gone, noticed after twice as long at most. */
export const HEARTBEAT_MS = 20_000

/** Who watches over the connections of both kinds. */
export interface Watchers {
  admission: Admission
  drain: Drain
  /** Somebody is connected, and in their rooms, of which one is the connection's id. */
  onConnected: (connection: Connection) => void
  /** A published client is, which takes whatever it hears for news. */
  onPublished: (newcomer: Newcomer) => void
  /** A socket is given up because it does not read. */
  onCut: () => void
}

export interface Connection {
  readonly id: string
  readonly actor: Actor
  /** Answers exactly once, never throws; any name and input may be given. */
  ask(name: string, input: unknown): Promise<Reply<unknown>>
  /** True while an answer is owed. */
  isBusy(): boolean
  /** To be called when the socket is gone. */
  ended(): void
}

/** A connection of an actor; `id` names the socket so that the published protocol can leave out its echo. */
export function createConnection(dispatch: Dispatch, actor: Actor, id: string): Connection {
  // Most connections never type; thousands are held.
  let typingTo: Set<string> | undefined
  let owed = 0
  return {
    id,
    actor,
    async ask(name, input) {
      owed += 1
      const reply = await dispatch(actor, name as OperationName, input, { requestId: randomUUID(), connectionId: id })
      owed -= 1
      if (name === 'typing.set' && reply.ok)
        noteTyping((typingTo ??= new Set()), actor, input as { visitorId?: string; typing: boolean })
      return reply
    },
    isBusy: () => owed > 0,
    ended() {
      for (const visitorId of typingTo ?? [])
        void dispatch(actor, 'typing.set', { visitorId, typing: false }, { requestId: randomUUID(), connectionId: id })
    },
  }
}

function noteTyping(
  typingTo: Set<string>,
  actor: Actor,
  { visitorId, typing }: { visitorId?: string; typing: boolean },
): void {
  const thread = actor.kind === 'visitor' ? actor.visitorId : visitorId
  if (thread === undefined) return
  if (typing) typingTo.add(thread)
  else typingTo.delete(thread)
}
