import { randomUUID } from 'node:crypto'
import type { FleetingEvent, WorkspaceId } from '@dosti/contracts'
import type { Publisher, Told } from '@dosti/conversations'
import { openRedis } from './redis-line.ts'

/** The live channel between processes. Best effort: what Redis loses, clients find in the log. */
export interface Bus extends Publisher {
  /** Tells all agents of a workspace something that belongs to no thread. */
  publishToAgents(workspaceId: WorkspaceId, event: FleetingEvent): void
  /** Hears everything published by this process, in the same turn of the event loop, and by others, through Redis. */
  subscribe(listener: (told: readonly Told[]) => void): void
  /** Resolves if Redis answers on both lines: to speak and to hear. */
  ping(): Promise<unknown>
  close(): Promise<void>
}

export interface RedisBusOptions {
  /** Installations that share one Redis have databases of their own, `redis://host/1`. */
  url: string
  /** Told of every publication that Redis did not take. */
  onLost?: (error: unknown) => void
}

/** A bus over Redis, a channel for each process. Never throws and never waits: with Redis away, this process still hears itself (D7). */
export function createRedisBus({ url, onLost = () => {} }: RedisBusOptions): Bus {
  const node = randomUUID().slice(0, 8)
  const listeners: ((told: readonly Told[]) => void)[] = []
  const publisher = openRedis(url, { waits: false })
  const subscriber = openRedis(url, { waits: true })
  // Redis' channels know nothing of its databases.
  const channel = `dosti:${publisher.options.db ?? 0}:told`
  // Our own words do not come back to us: to read them, only to drop them, took a twelfth of the way to our own sockets at low rates.
  subscriber.psubscribe(...othersThan(node).map((others) => `${channel}:${others}`)).catch(onLost)
  subscriber.on('pmessage', (_pattern, _channel, text) => {
    const told = JSON.parse(text) as Told[]
    for (const listener of listeners) listener(told)
  })

  // The changes of one commit share one publication. As a microtask it leaves behind the last of them and before any answer is
  // written, and before the sockets of this node: the way to another node is the longer one.
  let gathered: Told[] = []
  const send = (): void => {
    const told = gathered
    gathered = []
    publisher.publish(`${channel}:${node}`, JSON.stringify(told)).catch(onLost)
    for (const listener of listeners) listener(told)
  }
  const publish = (told: readonly Told[]): void => {
    if (told.length === 0) return
    if (gathered.length === 0) queueMicrotask(send)
    gathered.push(...told)
  }

  return {
    publish,
    publishToAgents: (workspaceId, event) => publish([{ workspaceId, visitorId: '', audience: 'agents', event }]),
    subscribe(listener) {
      listeners.push(listener)
    },
    async ping() {
      if (subscriber.status !== 'ready') throw new Error('the line to hear by is down')
      await Promise.all([publisher.ping(), subscriber.ping()])
    },
    async close() {
      publisher.disconnect()
      subscriber.disconnect()
    },
  }
}

/** Patterns that each other name matches once, and this one never: what parts from it at the first letter, at the second, and so on. */
export function othersThan(name: string): string[] {
  return Array.from(name, (letter, index) => `${name.slice(0, index)}[^${letter}]*`)
}
