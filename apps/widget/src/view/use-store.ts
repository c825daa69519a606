import type { Store } from '@dosti/client'
import { useLayoutEffect, useState } from 'preact/hooks'

/** The store's value, rendered anew after every change. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.get)
  useLayoutEffect(() => {
    const look = () => setValue(store.get)
    // It may have changed between the render and now.
    look()
    return store.subscribe(look)
  }, [store])
  return value
}
