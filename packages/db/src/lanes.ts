/** Runs work in a few lanes: whoever finds them all taken waits for its turn. */
export type Lanes = <T>(work: () => Promise<T>) => Promise<T>

/** So many pieces of work at the same time, in the order they came. */
export function createLanes(count: number): Lanes {
  const waiting: (() => void)[] = []
  let free = count
  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
