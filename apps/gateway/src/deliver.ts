/** The only code that pushes, and the one that cuts: from the bus to the sockets of this node, each protocol in its own words. */
import type { Told } from '@dosti/conversations'
import type { Server } from 'socket.io'
import { inPublishedWords, publishedRoom } from './published.ts'
import { SLOW_ROOM } from './slow-readers.ts'
import type { Newcomer } from './tell-missed.ts'
import type { RawSockets } from './websocket.ts'

/** The sockets of this node. */
export interface Sockets {
  io: Server
  raw: RawSockets
}

/**
 * Delivers what is told to whoever is connected here, of published clients only to whom `mayHear` admits. Most events concern few
 * sockets, or none: nothing is encoded for nobody.
 */
export function deliver(
  told: readonly Told[],
  roomsFor: (told: Told) => string[],
  { io, raw }: Sockets,
  mayHear?: (newcomer: Newcomer) => boolean,
): void {
  const { adapter, sockets } = io.of('/')
  const { rooms: members } = adapter
  const push = (rooms: string[], withheld: string[], name: string, data: unknown): void => {
    const audience = io.to(rooms)
    ;(withheld.length === 0 ? audience : audience.except(withheld)).emit(name, data)
  }
  for (const one of told) {
    const { event, origin } = one
    const rooms = roomsFor(one)
    const data = 'seq' in event ? event : event.data
    const mayBeDropped = event.name === 'typing.started' || event.name === 'typing.stopped'
    const withheld = mayBeDropped ? [SLOW_ROOM] : []

    if (rooms.some((room) => members.has(room))) push(rooms, withheld, event.name, data)
    if (raw.hasAny(rooms)) raw.send(rooms, JSON.stringify({ event: event.name, data }), { mayBeDropped })

    const publishedRooms = rooms.map(publishedRoom).filter((room) => members.has(room))
    const spoken = publishedRooms.length > 0 ? inPublishedWords(event) : undefined
    if (!spoken) continue
    if (mayHear !== undefined)
      for (const id of publishedRooms.flatMap((room) => [...(members.get(room) ?? [])]))
        if (!mayHear((sockets.get(id)?.data ?? {}) as Newcomer)) withheld.push(id)
    const echo = spoken.echo ? origin : undefined
    const isForOthers = publishedRooms.some(
      (room) => (members.get(room)?.size ?? 0) > 1 || !members.get(room)?.has(echo ?? ''),
    )
    if (!isForOthers) continue
    if (echo !== undefined) withheld.push(echo)
    push(publishedRooms, withheld, spoken.name, spoken.data)
  }
}

/** Somebody is in a room of this node. */
export function isHere(room: string, { io, raw }: Pick<Sockets, 'io' | 'raw'>): boolean {
  return io.of('/').adapter.rooms.has(room) || raw.hasAny([room])
}

/** Cuts the line of everybody in a room of this node. */
export function cutRoom(room: string, { io, raw }: Pick<Sockets, 'io' | 'raw'>): void {
  const { adapter, sockets } = io.of('/')
  for (const id of adapter.rooms.get(room) ?? []) sockets.get(id)?.conn.close(true)
  raw.disconnect(room)
}
