/** What a fault is, and what it may do. */
import { Redis } from 'ioredis'
import type { Crowd } from './crowd.ts'
import type { Random } from './random.ts'
import type { Expectation } from './recording.ts'
import type { Node, World } from './world.ts'

/** What a fault works with. */
export interface Stage {
  world: World
  crowd: Crowd
  random: Random
  /** `full` as reliability asks for it; `short` for the run inside `npm test`. */
  size: 'short' | 'full'
  /** A rule of this fault alone, and whether it held. */
  expect: (rule: string, held: boolean, seen: string) => void
}

/** Thrown when a fault cannot be done on this machine; it is counted as not run, loudly. */
export class CannotRun extends Error {}

/** One kind of fault. `inject` does it and heals it again; it resolves at the moment from which recovery counts. */
export interface Fault {
  id: string
  title: string
  /** Where load itself is the fault, it is too much for a short run and needs its turn only once. */
  once?: boolean
  inject: (stage: Stage) => Promise<void>
}

export type Expect = (expectation: Expectation) => void

/** A gateway, chosen by the seed. */
export function someGateway({ world, random }: Stage): Node {
  return random.pick(world.gateways)
}

/** Milliseconds: the first pair in a short run, the second in a full one. */
export function lasting({ size, random }: Stage, short: [number, number], full: [number, number]): number {
  return random.between(...(size === 'short' ? short : full))
}

/** Works on a line of its own to Redis. */
export async function overRedis<T>({ redisUrl }: World, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1 })
  redis.on('error', () => {})
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}
