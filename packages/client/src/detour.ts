/** The way over HTTP, for where neither WebSocket nor polling comes through to the gateway but the api can be reached. */
import type { Welcome } from '@dosti/contracts'
import { backoffMs, type Clock } from './clock.ts'
import type { Requests } from './http.ts'
import { asRequestError, type RequestError } from './request-error.ts'

/** Requests over HTTP with the credentials of the line. */
export interface HttpRoad extends Requests {
  /** Asks the server who we are; rejects where it cannot be reached over HTTP either. */
  welcome: () => Promise<Welcome>
}

export interface DetourOptions {
  road: HttpRoad
  clock: Clock
  onFound: (welcome: Welcome) => void
  /** Not for now, but by a refusal that will not pass by itself. */
  onRefused: (error: RequestError) => void
}

/** The search for a way while there is no line. */
export interface Detour {
  /** Begins after a while, since most lines come back at once; goes on until `end` or until it is found. */
  seek: () => void
  end: () => void
}

/** A line that stays away for longer than this, and up to twice as long so that a crowd does not come at once, may not come at all. */
const PATIENCE_MS = 4000

export function createDetour({ road, clock, onFound, onRefused }: DetourOptions): Detour {
  /** The search under way; an answer to an earlier one is not heard. */
  let search: { cancel: () => void; failures: number } | null = null
  const end = () => {
    search?.cancel()
    search = null
  }
  const ask = async (current: NonNullable<typeof search>) => {
    try {
      const welcome = await road.welcome()
      if (search !== current) return
      end()
      onFound(welcome)
    } catch (thrown) {
      if (search !== current) return
      const error = asRequestError(thrown)
      if (error.retryable) {
        current.failures += 1
        const waitMs = Math.max(error.retryAfterMs ?? 0, backoffMs(current.failures, clock))
        current.cancel = clock.after(waitMs, () => void ask(current))
        return
      }
      end()
      onRefused(error)
    }
  }
  return {
    seek: () => {
      if (search !== null) return
      const current = { cancel: () => {}, failures: 0 }
      search = current
      current.cancel = clock.after(PATIENCE_MS * (1 + clock.random()), () => void ask(current))
    },
    end,
  }
}
