/**
 * P4: whoever is connected by a key, a token or a session that was revoked is cut within two seconds, on every node: each asks
 * Postgres by itself, so it holds without Redis. The line is cut, not the namespace: the client comes back, and is then told why
 * it may not.
 */
import type { Revoked } from '@dosti/accounts'
import { repeat, type Logger } from '@dosti/runtime'
import { keyRoom, sessionRoom, tokenRoom } from './authenticate.ts'

const ASK_EVERY_MS = 500
/** How far back each question reaches: an answer may be missed as long as this. */
const REACH_MS = 30_000

const ROOMS: Record<Revoked['kind'], (id: string) => string> = {
  key: keyRoom,
  session: sessionRoom,
  token: tokenRoom,
}

/** Starts to watch; the function ends it. `cut` empties a room. */
export function watchRevocations(
  revokedWithin: (withinMs: number) => Promise<Revoked[]>,
  cut: (room: string) => void,
  log: Logger,
): () => void {
  const ask = async (): Promise<void> => {
    // Cutting an empty room again costs nothing, so what was cut need not be remembered.
    for (const { kind, id } of await revokedWithin(REACH_MS)) cut(ROOMS[kind](id))
  }
  return repeat(ASK_EVERY_MS, ask, log, 'revocations cannot be read')
}
