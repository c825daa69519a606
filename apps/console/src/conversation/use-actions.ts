import { RequestError } from '@dosti/client'
import type { AgentId } from '@dosti/contracts'
import { showNotice } from '../design/notices.tsx'
import { useLive } from '../live.tsx'

/** What an agent does to a conversation. The screen changes when the event arrives; a refusal is said aloud. */
export function useActions(visitorId: string): {
  setStatus: (status: 'open' | 'closed') => void
  assign: (agentId: AgentId | null) => void
} {
  const { connection } = useLive()
  const say = (what: string) => (error: unknown) => {
    const reason = error instanceof RequestError && !error.retryable ? error.message : 'Try again in a moment.'
    showNotice(`${what} ${reason}`)
  }
  return {
    setStatus: (status) => {
      if (status === 'closed')
        connection.request('conversation.close', { visitorId }).catch(say('The conversation was not closed.'))
      else connection.request('conversation.reopen', { visitorId }).catch(say('The conversation was not reopened.'))
    },
    assign: (agentId) => {
      connection.request('conversation.assign', { visitorId, agentId }).catch(say('The conversation was not assigned.'))
    },
  }
}
