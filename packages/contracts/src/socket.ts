import type { EventData, FleetingEventName, StoredEventName, StoredEventOf } from './events.ts'
import type { Welcome } from './handshake.ts'
import type { Input, OperationName, Output } from './operations.ts'
import type { Reply } from './reply.ts'

/** Socket.IO, client to server, in the extended protocol: every operation is an event with an acknowledgement. */
export type ClientToServer = {
  [N in OperationName]: (input: Input<N>, reply: (reply: Reply<Output<N>>) => void) => void
}

/** Socket.IO, server to client, in the extended protocol. */
export type ServerToClient = { welcome: (welcome: Welcome) => void } & {
  [N in StoredEventName]: (event: StoredEventOf<N>) => void
} & {
  [N in FleetingEventName]: (data: EventData<N>) => void
}
