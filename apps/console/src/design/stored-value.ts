/** A choice kept in this browser that components can subscribe to. */
export interface StoredValue<T extends string> {
  get: () => T
  set: (value: T) => void
  subscribe: (changed: () => void) => () => void
}

/** Reads and keeps one of a closed set of words; anything else in storage, or no storage at all, counts as the fallback. */
export function storedValue<T extends string>(key: string, allowed: readonly T[], fallback: T): StoredValue<T> {
  const listeners = new Set<() => void>()
  const read = (): T => {
    try {
      const found = localStorage.getItem(key)
      return allowed.find((value) => value === found) ?? fallback
    } catch {
      return fallback
    }
  }
  let current = read()
  return {
    get: () => current,
    set: (value) => {
      current = value
      try {
        localStorage.setItem(key, value)
      } catch {
        // Storage is full or forbidden: the choice holds until the page is left.
      }
      for (const listener of listeners) listener()
    },
    subscribe: (changed) => {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
  }
}
