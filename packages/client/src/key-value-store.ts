/** What outlives a reload, if the browser allows. Never throws. */
export interface KeyValueStore {
  get: (key: string) => string | null
  set: (key: string, value: string) => void
  remove: (key: string) => void
  keys: (prefix: string) => string[]
  /** What other tabs write (null: remove) under keys that begin so; returns what stops it. One's own writes are not told. */
  watch: (prefix: string, listener: (key: string, value: string | null) => void) => () => void
}

/** Forgets at reload. */
export function memoryStorage(): KeyValueStore {
  const values = new Map<string, string>()
  return {
    get: (key) => values.get(key) ?? null,
    set: (key, value) => void values.set(key, value),
    remove: (key) => void values.delete(key),
    keys: (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)),
    watch: () => () => undefined,
  }
}

type Area = 'localStorage' | 'sessionStorage'

function attempt<T>(area: Area, run: (storage: Storage) => T): T | undefined {
  try {
    return run(window[area])
  } catch {
    return undefined
  }
}

/** A storage of the browser; where it is forbidden or full, what could not be written is kept in memory until the reload. */
export function browserStorage(area: Area = 'localStorage'): KeyValueStore {
  const memory = memoryStorage()
  return {
    get: (key) => memory.get(key) ?? attempt(area, (storage) => storage.getItem(key)) ?? null,
    set: (key, value) => {
      const written = attempt(area, (storage) => {
        storage.setItem(key, value)
        return true
      })
      if (written === true) memory.remove(key)
      else memory.set(key, value)
    },
    remove: (key) => {
      memory.remove(key)
      attempt(area, (storage) => storage.removeItem(key))
    },
    keys: (prefix) => {
      const stored = attempt(area, (storage) => Object.keys(storage).filter((key) => key.startsWith(prefix))) ?? []
      return [...new Set([...stored, ...memory.keys(prefix)])]
    },
    watch: (prefix, listener) => {
      const told = ({ storageArea, key, newValue }: StorageEvent) => {
        const isHere = attempt(area, (storage) => storage === storageArea) === true
        if (isHere && key?.startsWith(prefix) === true) listener(key, newValue)
      }
      window.addEventListener('storage', told)
      return () => window.removeEventListener('storage', told)
    },
  }
}
