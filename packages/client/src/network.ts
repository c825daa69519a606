/** What the browser knows of its network and of being looked at. */
export interface Network {
  online: () => boolean
  /** `online`: the network came back. `offline`: it went. `seen`: the page is looked at again. */
  watch: (listener: (what: 'online' | 'offline' | 'seen') => void) => () => void
}

/** The window's own events; outside a browser the network counts as there. */
export const browserNetwork: Network = {
  online: () => typeof navigator === 'undefined' || navigator.onLine,
  watch: (listener) => {
    if (typeof window === 'undefined') return () => undefined
    const ending = new AbortController()
    const { signal } = ending
    window.addEventListener('online', () => listener('online'), { signal })
    window.addEventListener('offline', () => listener('offline'), { signal })
    document.addEventListener(
      'visibilitychange',
      () => {
        if (document.visibilityState === 'visible') listener('seen')
      },
      { signal },
    )
    return () => ending.abort()
  },
}
