import { type StoredEvent, type WorkspaceId } from '@dosti/contracts'
import type { Audience, Told } from './ports.ts'

/** P2: the line between visitors and what is internal. A stored event's stream alone decides who sees it. */
export function audienceOf(stream: StoredEvent['stream']): Audience {
  return stream === 'public' ? 'both' : 'agents'
}

/** Addresses stored events to those who may see them. */
export function tell(workspaceId: WorkspaceId, events: readonly StoredEvent[], origin?: string): Told[] {
  return events.map((event) => ({
    workspaceId,
    visitorId: event.visitorId,
    audience: audienceOf(event.stream),
    event,
    ...(origin === undefined ? {} : { origin }),
  }))
}
