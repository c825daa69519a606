/** A value that can be watched. `get` returns the same object until it changes, as React's `useSyncExternalStore` asks. */
export interface Store<T> {
  get: () => T
  /** Calls the listener after every change; returns what stops it. */
  subscribe: (listener: () => void) => () => void
}

/** A store whose holder may write it. */
export interface WritableStore<T> extends Store<T> {
  set: (next: T) => void
}

/** A store that tells nobody when it is set to the value it holds. */
export function createStore<T>(initial: T): WritableStore<T> {
  const changed = createSignal()
  let value = initial
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(value, next)) return
      value = next
      changed.emit()
    },
    subscribe: (listener) => changed.on(listener),
  }
}

/** A list of listeners that are told one after the other. */
export interface Signal<T> {
  emit: (value: T) => void
  on: (listener: (value: T) => void) => () => void
}

/** A signal whose listeners may come and go while it speaks: those there at the start of `emit` are told. */
export function createSignal<T = void>(): Signal<T> {
  const listeners = new Set<{ tell: (value: T) => void }>()
  return {
    emit: (value) => {
      // Copied, because a listener may add or remove listeners.
      for (const listener of Array.from(listeners)) if (listeners.has(listener)) listener.tell(value)
    },
    on: (tell) => {
      const listener = { tell }
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
