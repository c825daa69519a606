import type { EventName, FleetingEvent, StoredEvent } from './events.ts'
import type { Hello, Welcome } from './handshake.ts'
import type { Input, OperationName, Output } from './operations.ts'
import type { Reply } from './reply.ts'

/** A request on a raw WebSocket: one JSON text frame. `id` is the client's and comes back with the reply. */
export type RequestFrame =
  | { [N in OperationName]: { id: string | number; op: N; input: Input<N> } }[OperationName]
  | { id: string | number; op: 'hello'; input: Hello }

/** The one reply to a request frame. */
export type ReplyFrame = { id: string | number | null } & Reply<Output<OperationName> | Welcome>

/** Something the server tells. */
export interface EventFrame {
  event: EventName
  data: StoredEvent | FleetingEvent['data']
}
