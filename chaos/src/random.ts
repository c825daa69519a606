/** Seeded choices: a run that failed is run again with the same order, sizes and moments. */
export interface Random {
  /** From 0 to 1, without 1. */
  next: () => number
  /** A whole number from `low` to `high`, both included. */
  between: (low: number, high: number) => number
  /** One of some; there must be one. */
  pick: <T>(items: readonly T[]) => T
  /** True with this probability. */
  chance: (probability: number) => boolean
  /** The same items in another order. */
  shuffled: <T>(items: readonly T[]) => T[]
  /** A generator of its own, so that what one part draws does not change what another draws. */
  fork: (name: string) => Random
}

/** The generator of a seed (mulberry32: small, and the same on every machine). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    between,
    pick(items) {
      const item = items[between(0, items.length - 1)]
      if (item === undefined) throw new Error('there is nothing to pick from')
      return item
    },
    chance: (probability) => next() < probability,
    shuffled(items) {
      const order = [...items]
      for (let index = order.length - 1; index > 0; index -= 1) {
        const other = between(0, index)
        const [a, b] = [order[index], order[other]]
        if (a !== undefined && b !== undefined) [order[index], order[other]] = [b, a]
      }
      return order
    },
    fork: (name) => createRandom(hash(name, seed)),
  }
}

function hash(text: string, seed: number): number {
  let value = (seed ^ 0x811c9dc5) >>> 0
  for (const letter of text) value = Math.imul(value ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return value
}
