/**
 * P4: whoever is connected by a key, a token or a session that was revoked is cut within two seconds, on every node: each asks
 * Postgres by itself, so it holds without Redis. The line is cut, not the namespace: the client comes back, and is then told why
 * it may not.
 */
import type { Revoked } from '@dosti/accounts'
import { repeat, type Logger } from '@dosti/runtime'
import { keyRoom, sessionRoom, tokenRoom } from './authenticate.ts'

const ASK_EVERY_MS = 500
/** How far back a question reaches beyond the last one that was answered: a look-up from before may let somebody in so much later. */
const REACH_MS = 30_000
/** One look in so many milliseconds reaches over a day: a time written by hand may be that of a slow clock, or committed late. */
const FAR_EVERY_MS = 30_000
const FAR_REACH_MS = 24 * 60 * 60 * 1000

const ROOMS: Record<Revoked['kind'], (id: string) => string> = {
  key: keyRoom,
  session: sessionRoom,
  token: tokenRoom,
}

export interface RevocationsOptions {
  revokedWithin: (withinMs: number) => Promise<Revoked[]>
  /** Empties a room. */
  cut: (room: string) => void
  /** Never steps back. */
  clock: () => number
  log: Logger
}

/** Starts to watch; the function ends it. */
export function watchRevocations(options: RevocationsOptions): () => void {
  return repeat(ASK_EVERY_MS, createRevocationsLook(options), options.log, 'revocations cannot be read')
}

/** One look after the other, without their clock: each reaches back over all the time in which none was answered. */
export function createRevocationsLook({
  revokedWithin,
  cut,
  clock,
}: Omit<RevocationsOptions, 'log'>): () => Promise<void> {
  let askedAt = clock()
  let farAt = askedAt
  return async () => {
    const now = clock()
    const isFar = now - farAt >= FAR_EVERY_MS
    const reach = (isFar ? FAR_REACH_MS : REACH_MS) + Math.ceil(now - askedAt)
    // Cutting an empty room again costs nothing, so what was cut need not be remembered.
    for (const { kind, id } of await revokedWithin(reach)) cut(ROOMS[kind](id))
    askedAt = now
    if (isFar) farAt = now
  }
}
