/**
 * Leaving without a stampede: a node that stops takes nobody new and lets its connections go one after the other, so that they
 * come back elsewhere spread over the whole time. They are cut below Socket.IO: a stock client that is told "disconnect" stays
 * away, one whose line breaks comes back by itself.
 */
import { DostiError } from '@dosti/contracts'
import { REQUEST_DEADLINE_MS } from '@dosti/runtime'

/** A connection that can be let go. */
export interface Leaving {
  isBusy(): boolean
  cut(): void
}

export interface Drain {
  /** A connection is here from now until it says otherwise. */
  add(leaving: Leaving): () => void
  /** Why nobody new may come: the node is leaving. Undefined as long as it is not. */
  refusal(): DostiError | undefined
  readonly isDraining: boolean
  /** Lets everybody go within this time, in milliseconds; whoever is still owed an answer goes when it has come. */
  run(withinMs: number): Promise<void>
}

const SLICE_MS = 50

/** The connections of this node, and the way out. */
export function createDrain(): Drain {
  const here = new Set<Leaving>()
  let isDraining = false
  const letGo = (some: readonly Leaving[]) => {
    for (const leaving of some) {
      here.delete(leaving)
      leaving.cut()
    }
  }
  return {
    add(leaving) {
      here.add(leaving)
      return () => void here.delete(leaving)
    },
    refusal() {
      if (!isDraining) return undefined
      // Soon: by then the proxy sends to another node, or this one is back.
      return new DostiError('service.unavailable', { retryAfterMs: 1000 + Math.floor(Math.random() * 2000) })
    },
    get isDraining() {
      return isDraining
    },
    async run(withinMs) {
      isDraining = true
      const slices = Math.max(1, Math.floor(withinMs / SLICE_MS))
      // What is owed comes within its deadline.
      const more = Math.ceil(REQUEST_DEADLINE_MS / SLICE_MS)
      for (let left = slices; here.size > 0 && left > -more; left -= 1) {
        const share = Math.ceil(here.size / Math.max(1, left))
        letGo([...here].filter((leaving) => !leaving.isBusy()).slice(0, share))
        if (here.size > 0) await new Promise((resolve) => setTimeout(resolve, SLICE_MS))
      }
      letGo([...here])
    },
  }
}
