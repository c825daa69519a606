/**
 * D7: an alert's push may be lost, with Redis, with a node, or because its agent was just then not connected. So each node asks
 * Postgres what rang of late for the agents it holds and still waits, and tells what they have not heard.
 */
import type { Actor, AgentId, WorkspaceId } from '@dosti/contracts'
import { tellRaised, type RaisedAlert, type Told } from '@dosti/conversations'
import type { Logger } from '@dosti/runtime'

const ASK_EVERY_MS = 2000
/** How far back each question reaches, and how long what was heard is remembered; the second ring comes within. */
const REACH_MS = 60_000
const ALERTS_MAX = 200

/** Agent ids are unique within their workspace alone. */
const keyOf = (workspaceId: WorkspaceId, agentId: AgentId): string => `${workspaceId} ${agentId}`

export interface RingAgain {
  /** Somebody connected to this node. An agent hears what rang before, whatever an earlier connection was told. */
  greet(actor: Actor): void
  /** What of some news is to be delivered here: all but alerts for agents who have heard them. */
  unheard(told: readonly Told[]): Told[]
  end(): void
}

export interface RingAgainOptions {
  rung: (workspaceIds: readonly WorkspaceId[], withinMs: number, limitOfEach: number) => Promise<RaisedAlert[]>
  /** An agent is connected to this node. */
  isHere: (workspaceId: WorkspaceId, agentId: AgentId) => boolean
  deliver: (told: readonly Told[]) => void
  clock: () => number
  log: Logger
}

interface Listener {
  workspaceId: WorkspaceId
  agentId: AgentId
  /** When the agent heard each alert. */
  heard: Map<string, number>
}

/** Starts to ask, every two seconds. */
export function createRingAgain({ rung, isHere, deliver, clock, log }: RingAgainOptions): RingAgain {
  const listeners = new Map<string, Listener>()

  const unheard = (told: readonly Told[]): Told[] =>
    told.map((one) => {
      const { workspaceId, event, audience } = one
      if (event.name !== 'alert.raised' || typeof audience !== 'object') return one
      const { alertId } = event.data
      const agents = audience.agents.filter((agentId) => {
        const heard = listeners.get(keyOf(workspaceId, agentId))?.heard
        if (heard === undefined || heard.has(alertId)) return false
        heard.set(alertId, clock())
        return true
      })
      return { ...one, audience: { agents } }
    })

  const forget = (): void => {
    const before = clock() - 2 * REACH_MS
    for (const [key, { workspaceId, agentId, heard }] of listeners) {
      if (!isHere(workspaceId, agentId)) listeners.delete(key)
      for (const [alertId, at] of heard) if (at < before) heard.delete(alertId)
    }
  }

  let asking = false
  const ask = async (): Promise<void> => {
    forget()
    if (asking || listeners.size === 0) return
    asking = true
    try {
      const workspaceIds = [...new Set([...listeners.values()].map(({ workspaceId }) => workspaceId))]
      deliver(unheard((await rung(workspaceIds, REACH_MS, ALERTS_MAX)).map(tellRaised)))
    } catch (error) {
      log.warn({ err: error }, 'alerts cannot be read')
    } finally {
      asking = false
    }
  }
  const timer = setInterval(() => void ask(), ASK_EVERY_MS)

  return {
    greet(actor) {
      if (actor.kind !== 'agent') return
      const { workspaceId, agentId } = actor
      listeners.set(keyOf(workspaceId, agentId), { workspaceId, agentId, heard: new Map() })
    },
    unheard,
    end: () => clearInterval(timer),
  }
}
