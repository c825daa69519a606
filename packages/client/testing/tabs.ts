/** Several tabs of one browser: one storage whose changes the others are told, one queue for turns. */
import { memoryStorage, type KeyValueStore } from '../src/key-value-store.ts'
import { createSignal } from '../src/store.ts'
import type { Turns } from '../src/turns.ts'

export interface Tab {
  storage: KeyValueStore
  turns: Turns
  /** As when the tab is closed: its turns go to the next, and it hears nothing more. */
  close: () => void
}

/** A browser without tabs; the function opens one. */
export function createBrowser(): () => Tab {
  const stored = memoryStorage()
  const changed = createSignal<{ by: Tab; key: string; value: string | null }>()
  let queue: { name: string; tab: Tab; begin: () => void; begun: boolean }[] = []
  const callNext = () => {
    const begun = new Set(queue.flatMap((place) => (place.begun ? [place.name] : [])))
    const next = queue.find(({ name }) => !begun.has(name))
    if (next === undefined) return
    next.begun = true
    queueMicrotask(next.begin)
  }
  const leave = (gone: (place: (typeof queue)[number]) => boolean) => {
    queue = queue.filter((place) => !gone(place))
    callNext()
  }
  return () => {
    const write = (key: string, value: string | null) => {
      if (value === null) stored.remove(key)
      else stored.set(key, value)
      queueMicrotask(() => changed.emit({ by: tab, key, value }))
    }
    let closed = false
    const tab: Tab = {
      storage: {
        get: stored.get,
        keys: stored.keys,
        set: write,
        remove: (key) => write(key, null),
        watch: (prefix, listener) =>
          changed.on(({ by, key, value }) => {
            if (!closed && by !== tab && key.startsWith(prefix)) listener(key, value)
          }),
      },
      turns: {
        take: (name, begin) => {
          const place = { name, tab, begin, begun: false }
          queue.push(place)
          callNext()
          return () => leave((other) => other === place)
        },
      },
      close: () => {
        closed = true
        leave((place) => place.tab === tab)
      },
    }
    return tab
  }
}
