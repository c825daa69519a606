/** A place to wait in, until it is left or another needs it. */
export interface Place {
  readonly isHeld: boolean
  leave: () => void
}

export interface Places {
  /** Never refuses: where none is left, whoever has waited longest loses theirs, and is told by their `giveWay`. */
  take: (key: string, giveWay: () => void) => Place
}

/** So many places for each key, so many in all. */
export function createPlaces(eachMax: number, max: number): Places {
  const all = new Set<Waiter>()
  const byKey = new Map<string, Set<Waiter>>()

  function leave(waiter: Waiter): void {
    waiter.isHeld = false
    all.delete(waiter)
    const own = byKey.get(waiter.key)
    if (own?.delete(waiter) === true && own.size === 0) byKey.delete(waiter.key)
  }

  function displaceFirst([first]: Iterable<Waiter>): void {
    if (first === undefined) return
    leave(first)
    first.giveWay()
  }

  return {
    take(key, giveWay) {
      const own = byKey.get(key)
      if (own !== undefined && own.size >= eachMax) displaceFirst(own)
      else if (all.size >= max) displaceFirst(all)
      const waiter: Waiter = { key, giveWay, isHeld: true, leave: () => leave(waiter) }
      all.add(waiter)
      byKey.set(key, (byKey.get(key) ?? new Set()).add(waiter))
      return waiter
    },
  }
}

interface Waiter extends Place {
  key: string
  giveWay: () => void
  isHeld: boolean
}
