import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
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

  /** A way to Redis of which the lines that are there can fall silent, open at both ends. */
  async function wayThatFallsSilent() {
    const lines = new Set<Socket>()
    const server = createServer((near) => {
      const far = connect(Number(new URL(url).port), '127.0.0.1')
      near.pipe(far).pipe(near)
      for (const end of [near, far]) lines.add(end.on('error', () => {}))
    }).listen(0, '127.0.0.1')
    await expect.poll(() => server.listening).toBe(true)
    ends.push(() => {
      for (const line of lines) line.destroy()
      server.close()
    })
    const silence = () => {
      for (const line of lines) line.unpipe().pause()
    }
    return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, silence }
  }

  it('a line on which Redis no longer answers is noticed and made anew', async () => {
    const way = await wayThatFallsSilent()
    const [here, there] = [createRedisBus({ url }), createRedisBus({ url: way.url })]
    ends.push(() => Promise.all([here.close(), there.close()]))
    const heard: string[] = []
    here.subscribe((told) => heard.push(...told.map(({ visitorId }) => `here ${visitorId}`)))
    there.subscribe((told) => heard.push(...told.map(({ visitorId }) => `there ${visitorId}`)))
    const bothHear = (word: string) =>
      expect
        .poll(
          () => {
            here.publish([typing(`${word} from here`)])
            there.publish([typing(`${word} from there`)])
            return heard.includes(`there ${word} from here`) && heard.includes(`here ${word} from there`)
          },
          { timeout: 15_000, interval: 100 },
        )
        .toBe(true)
    await bothHear('first')
    await there.ping()
    way.silence()
    await expect(Promise.race([there.ping(), wait(500, 'silence')])).resolves.toBe('silence')
    await bothHear('again')
    await there.ping()
  }, 20_000)

  it('databases of one Redis are installations of their own', async () => {
    const buses = [1, 2, 2].map((database) => createRedisBus({ url: new URL(`/${database}`, url).href }))
    ends.push(() => Promise.all(buses.map((bus) => bus.close())))
    const heard: string[][] = [[], [], []]
    buses.forEach((bus, index) =>
      bus.subscribe((told) => heard[index]?.push(...told.map(({ visitorId }) => visitorId))),
    )
    await expect
      .poll(() => {
        buses[0]?.publish([typing('one')])
        buses[1]?.publish([typing('two')])
        return heard[2]?.includes('two')
      })
      .toBe(true)
    expect(heard.map((words) => [...new Set(words)])).toEqual([['one'], ['two'], ['two']])
  })
})
