/** The only code that pushes: from the bus to the sockets of this node, each protocol in its own words. */
import { roomsFor } from '@dosti/bus'
import type { Told } from '@dosti/conversations'
import type { Server } from 'socket.io'
import { inPublishedWords, publishedRoom } from './published.ts'
import type { RawSockets } from './websocket.ts'

/** Delivers what the bus tells to whoever is connected here. */
export function deliver(told: readonly Told[], io: Server, raw: RawSockets): void {
  for (const one of told) {
    const { event, origin } = one
    const rooms = roomsFor(one)
    const data = 'seq' in event ? event : event.data
    io.local.to(rooms).emit(event.name, data)
    raw.send(rooms, JSON.stringify({ event: event.name, data }))
    const spoken = inPublishedWords(event)
    if (!spoken) continue
    const listeners = io.local.to(rooms.map(publishedRoom))
    const others = spoken.echo && origin !== undefined ? listeners.except(origin) : listeners
    others.emit(spoken.name, spoken.data)
  }
}
