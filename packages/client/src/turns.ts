/** Who of several tabs does what only one should do at a time. */
export interface Turns {
  /** Calls `begin` once it is our turn; returns what ends the turn, or stops waiting for it. A tab that is closed ends its own. */
  take: (name: string, begin: () => void) => () => void
}

/** Everybody at once: for browsers without locks, and pages that are not served securely. */
export const freeTurns: Turns = {
  take: (_name, begin) => {
    begin()
    return () => undefined
  },
}

/** One tab of this browser and origin at a time, in the order they asked. */
export const browserTurns: Turns = {
  take: (name, begin) => {
    const locks = typeof navigator === 'undefined' ? undefined : (navigator.locks as LockManager | undefined)
    if (locks === undefined) return freeTurns.take(name, begin)
    const ending = new AbortController()
    const { signal } = ending
    const held = () =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve())
        begin()
      })
    locks.request(name, { signal }, held).catch(() => {
      // Refused, as in a sandboxed frame: better everybody at once than nobody.
      if (!signal.aborted) begin()
    })
    return () => ending.abort()
  },
}
