/** The only code that pushes, and the one that cuts: from the bus to the sockets of this node, each protocol in its own words. */
import { roomsFor } from '@dosti/bus'
import type { Told } from '@dosti/conversations'
import type { Server } from 'socket.io'
import { inPublishedWords, publishedRoom } from './published.ts'
import { SLOW_ROOM, type SlowReaders } from './slow-readers.ts'
import type { RawSockets } from './websocket.ts'

/** The sockets of this node. */
export interface Sockets {
  io: Server
  raw: RawSockets
  slowReaders: SlowReaders
}

/** Delivers what the bus tells to whoever is connected here. */
export function deliver(told: readonly Told[], { io, raw, slowReaders }: Sockets): void {
  for (const one of told) {
    const { event, origin } = one
    const rooms = roomsFor(one)
    const data = 'seq' in event ? event : event.data
    const frame = JSON.stringify({ event: event.name, data })
    const mayBeDropped = event.name === 'typing.started' || event.name === 'typing.stopped'
    const withheld = mayBeDropped ? [SLOW_ROOM] : []

    io.local.to(rooms).except(withheld).emit(event.name, data)
    raw.send(rooms, frame, { mayBeDropped })
    slowReaders.count(rooms, frame.length)

    const spoken = inPublishedWords(event)
    if (!spoken) continue
    const publishedRooms = rooms.map(publishedRoom)
    const except = spoken.echo && origin !== undefined ? [...withheld, origin] : withheld
    io.local.to(publishedRooms).except(except).emit(spoken.name, spoken.data)
    slowReaders.count(publishedRooms, frame.length)
  }
}

/** Cuts the line of everybody in a room of this node. */
export function cutRoom(room: string, { io, raw }: Pick<Sockets, 'io' | 'raw'>): void {
  const { adapter, sockets } = io.of('/')
  for (const id of adapter.rooms.get(room) ?? []) sockets.get(id)?.conn.close(true)
  raw.disconnect(room)
}
