import { createHttp, RequestError } from '@dosti/client'
import type { Me } from '@dosti/contracts'
import { queryOptions } from '@tanstack/react-query'

/** Operations over HTTP, on the console's own origin: the session cookie goes along. */
export const http = createHttp({ api: '' })

/** Who is signed in; `null` means nobody. Fails only when the server cannot be asked. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async (): Promise<Me | null> => {
    try {
      return await http.request('session.show', {})
    } catch (error) {
      if (isSignedOut(error)) return null
      throw error
    }
  },
  staleTime: Infinity,
  retry: false,
})

/** True for the refusals that only signing in can cure. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof RequestError && error.code.startsWith('auth.')
}

/** Signs in; the reply's cookie is the session. */
export const signIn = (email: string, password: string): Promise<Me> =>
  http.request('session.start', { email, password })

// The cookie is one for all tabs: where one signs out, the others must not go on showing what they hold.
const channel = new BroadcastChannel('dosti.session')

/** Calls back when another tab of this browser signs out. Returns the way to stop. */
export function onSignedOutElsewhere(listener: () => void): () => void {
  channel.addEventListener('message', listener)
  return () => channel.removeEventListener('message', listener)
}

/** Revokes the session on the server; nothing of it is kept here. */
export async function signOut(): Promise<void> {
  try {
    await http.request('session.end', {})
  } catch (error) {
    // Already over is what was wanted.
    if (!isSignedOut(error)) throw error
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- the rule means windows; a channel has one origin
  channel.postMessage('signed-out')
}
