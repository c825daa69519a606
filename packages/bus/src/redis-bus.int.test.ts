import type { FleetingEvent } from '@dosti/contracts'
import type { Told } from '@dosti/conversations'
import { startRedis } from '@dosti/testkit'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRedisBus, othersThan, type Bus } from './redis-bus.ts'

describe('the bus over Redis', () => {
  let url: string
  const ends: (() => unknown)[] = []
  beforeAll(async () => {
    url = (await startRedis()).url
  })
  afterAll(async () => {
    for (const end of ends) await end()
  })

  const typing = (visitorId: string): Told => ({
    workspaceId: 'wsp_a',
    visitorId,
    audience: 'agents',
    event: { name: 'typing.started', data: { visitorId, by: { kind: 'visitor' } } } as unknown as FleetingEvent,
  })

  it('everybody hears what everybody says, once, and itself without Redis', async () => {
    const heard = new Map<Bus, string[]>()
    const buses = Array.from({ length: 5 }, () => {
      const bus = createRedisBus({ url })
      ends.push(() => bus.close())
      heard.set(bus, [])
      bus.subscribe((told) => heard.get(bus)?.push(...told.map(({ visitorId }) => visitorId)))
      return bus
    })
    // Subscribed is who hears: each is called until all of the others have heard it.
    for (const [index, bus] of buses.entries())
      await expect
        .poll(() => {
          bus.publish([typing(`calls ${index}`)])
          return buses.every((other) => heard.get(other)?.includes(`calls ${index}`))
        })
        .toBe(true)

    for (let round = 0; round < 20; round += 1)
      for (const [index, bus] of buses.entries()) bus.publish([typing(`${index} says ${round}`)])
    const said = Array.from({ length: 100 }, (_, place) => `${place % 5} says ${Math.floor(place / 5)}`).sort()
    const saidOf = (bus: Bus) => (heard.get(bus) ?? []).filter((text) => text.includes('says')).sort()
    await expect.poll(() => buses.map((bus) => saidOf(bus).length)).toEqual([100, 100, 100, 100, 100])
    for (const bus of buses) expect(saidOf(bus)).toEqual(said)
  })

  it('the patterns of a name match each other name once, and not itself', async () => {
    const [listener, speaker] = [new Redis(url), new Redis(url)]
    ends.push(() => [listener, speaker].forEach((redis) => redis.disconnect()))
    const heard: string[] = []
    listener.on('pmessage', (_pattern, channel: string) => heard.push(channel))
    await listener.psubscribe(...othersThan('0a1b'))
    const others = ['1a1b', '0b1b', '0a0b', '0a1c', 'ffff', '0a1a']
    for (const name of ['0a1b', ...others]) await speaker.publish(name, '')
    await expect.poll(() => heard).toEqual(others)
  })
})
