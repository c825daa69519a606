import { createHttp, createStore, RequestError, type Http } from '@dosti/client'
import type { AgentId, Me } from '@dosti/contracts'
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

// The cookie is one for all tabs: what one does to it, the others must know, and not go on with what they hold.
const channel = new BroadcastChannel('dosti.session')

type Holder = AgentId | null | undefined

/** Whose session it is, by the last word of another tab or this one's sign-in: null is nobody's, undefined that none was said yet. */
export const sessionHolder = createStore<Holder>(undefined)
channel.addEventListener('message', ({ data }: MessageEvent<AgentId | null>) => sessionHolder.set(data))

/** True once it was said that the session is not this agent's any more. */
export const isHeldByOther = (holder: Holder, agentId: AgentId): boolean => holder !== undefined && holder !== agentId

function tellOtherTabs(agentId: AgentId | null): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- the rule means windows; a channel has one origin
  channel.postMessage(agentId)
}

/** Signs in; the reply's cookie is the session. */
export async function signIn(email: string, password: string): Promise<Me> {
  const me = await http.request('session.start', { email, password })
  sessionHolder.set(me.agent.id)
  tellOtherTabs(me.agent.id)
  return me
}

const somebodyElse = (): RequestError =>
  new RequestError({ code: 'auth.expired', message: 'Somebody else has signed in in this browser.' })

/** The session, if it is still this agent's; that of somebody else counts as none. */
export async function sessionOf(agentId: AgentId): Promise<Me> {
  const me = await http.request('session.show', {})
  if (me.agent.id === agentId) return me
  throw somebodyElse()
}

/** Requests over HTTP in this agent's name: refused once another tab has said that the session is somebody else's. */
export function requestsOf(agentId: AgentId): Http['request'] {
  return async (operation, input) => {
    if (isHeldByOther(sessionHolder.get(), agentId)) throw somebodyElse()
    return await http.request(operation, input)
  }
}

/** Revokes the session on the server; nothing of it is kept here. */
export async function signOut(): Promise<void> {
  try {
    await http.request('session.end', {})
  } catch (error) {
    // Already over is what was wanted.
    if (!isSignedOut(error)) throw error
  }
  tellOtherTabs(null)
}
