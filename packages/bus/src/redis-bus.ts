import { randomUUID } from 'node:crypto'
import type { FleetingEvent, WorkspaceId } from '@dosti/contracts'
import type { Publisher, Told } from '@dosti/conversations'
import { Redis } from 'ioredis'

/** The live channel between processes. Best effort: what Redis loses, clients find in the log. */
export interface Bus extends Publisher {
  /** Tells all agents of a workspace something that belongs to no thread. */
  publishToAgents(workspaceId: WorkspaceId, event: FleetingEvent): void
  /** Hears everything published by this process, at once, and by others, through Redis. */
  subscribe(listener: (told: readonly Told[]) => void): void
  /** Resolves if Redis answers. */
  ping(): Promise<unknown>
  close(): Promise<void>
}

export interface RedisBusOptions {
  url: string
  /** Separates installations that share one Redis. */
  channel?: string
  /** Told of every publication that Redis did not take. */
  onLost?: (error: unknown) => void
}

interface Envelope {
  node: string
  told: readonly Told[]
}

/** A bus over one Redis channel. Never throws and never waits: with Redis away, this process still hears itself (D7). */
export function createRedisBus({ url, channel = 'dosti:told', onLost = () => {} }: RedisBusOptions): Bus {
  const node = randomUUID()
  const listeners: ((told: readonly Told[]) => void)[] = []
  // No offline queue: a push that comes late is worth nothing, and a queue would grow for as long as Redis is away.
  const publisher = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 1000,
    retryStrategy: backOff,
  })
  const subscriber = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: backOff })
  // Without a listener an ioredis error ends the process; the reconnect is its business, health tells the rest.
  publisher.on('error', () => {})
  subscriber.on('error', () => {})
  subscriber.subscribe(channel).catch(onLost)
  subscriber.on('message', (_channel, text) => {
    const envelope = JSON.parse(text) as Envelope
    if (envelope.node !== node) for (const listener of listeners) listener(envelope.told)
  })

  const publish = (told: readonly Told[]): void => {
    if (told.length === 0) return
    for (const listener of listeners) listener(told)
    publisher.publish(channel, JSON.stringify({ node, told } satisfies Envelope)).catch(onLost)
  }

  return {
    publish,
    publishToAgents: (workspaceId, event) => publish([{ workspaceId, visitorId: '', audience: 'agents', event }]),
    subscribe(listener) {
      listeners.push(listener)
    },
    ping: () => publisher.ping(),
    async close() {
      publisher.disconnect()
      subscriber.disconnect()
    },
  }
}

function backOff(attempt: number): number {
  return Math.min(attempt * 100, 2000)
}
