/**
 * D7: an alert's push may be lost, with Redis, with a node, or because its agent was just then not connected. So each node asks
 * Postgres what rang of late for the agents it holds and still waits, and tells each connection what it has not heard.
 */
import { roomsFor } from '@dosti/bus'
import type { AgentId, WorkspaceId } from '@dosti/contracts'
import { tellRaised, type RaisedAlert, type Told } from '@dosti/conversations'
import { repeat, type Logger } from '@dosti/runtime'
import type { Connection } from './connection.ts'

const ASK_EVERY_MS = 2000
/** How far back a question reaches beyond the last one that was answered; the second ring comes within. */
const REACH_MS = 60_000
const ALERTS_MAX = 200

/** Agent ids are unique within their workspace alone. */
const keyOf = (workspaceId: WorkspaceId, agentId: AgentId): string => `${workspaceId} ${agentId}`

export interface RingAgain {
  /** Somebody connected to this node. An agent's connection hears what rang before, whatever another one was told. */
  greet(connection: Connection): void
  /** The rooms to which some news is to be delivered here; of an alert, the connections that have not heard it. */
  roomsFor: (told: Told) => string[]
  end(): void
}

export interface RingAgainOptions {
  rung: (workspaceIds: readonly WorkspaceId[], withinMs: number, limitOfEach: number) => Promise<RaisedAlert[]>
  /** A connection has not ended. */
  isHere: (connectionId: string) => boolean
  deliver: (told: readonly Told[]) => void
  clock: () => number
  log: Logger
}

interface Listener {
  workspaceId: WorkspaceId
  /** When each connection of the agent heard each alert. */
  heard: Map<Connection['id'], Map<string, number>>
}

/** Starts to ask, every two seconds. */
export function createRingAgain({ rung, isHere, deliver, clock, log }: RingAgainOptions): RingAgain {
  const listeners = new Map<string, Listener>()

  let askedAt = clock()

  /** What rang before is not asked for any more. */
  const forget = (before: number): void => {
    for (const [key, { heard }] of listeners) {
      for (const [id, alerts] of heard) {
        if (!isHere(id)) heard.delete(id)
        for (const [alertId, at] of alerts) if (at < before) alerts.delete(alertId)
      }
      if (heard.size === 0) listeners.delete(key)
    }
  }

  const ask = async (): Promise<void> => {
    const now = clock()
    const reach = REACH_MS + Math.ceil(now - askedAt)
    forget(now - reach - REACH_MS)
    const workspaceIds = [...new Set([...listeners.values()].map(({ workspaceId }) => workspaceId))]
    if (workspaceIds.length > 0) deliver((await rung(workspaceIds, reach, ALERTS_MAX)).map(tellRaised))
    askedAt = now
  }

  return {
    greet({ id, actor }) {
      if (actor.kind !== 'agent') return
      const { workspaceId, agentId } = actor
      const key = keyOf(workspaceId, agentId)
      const listener = listeners.get(key) ?? { workspaceId, heard: new Map() }
      listeners.set(key, listener)
      listener.heard.set(id, new Map())
    },
    roomsFor(told) {
      const { workspaceId, event, audience } = told
      if (event.name !== 'alert.raised' || typeof audience !== 'object') return roomsFor(told)
      const { alertId } = event.data
      const connections = audience.agents.flatMap((agentId) => [
        ...(listeners.get(keyOf(workspaceId, agentId))?.heard ?? []),
      ])
      const unheard = connections.filter(([, alerts]) => !alerts.has(alertId))
      for (const [, alerts] of unheard) alerts.set(alertId, clock())
      return unheard.map(([id]) => id)
    },
    end: repeat(ASK_EVERY_MS, ask, log, 'alerts cannot be read'),
  }
}
