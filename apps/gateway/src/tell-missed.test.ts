import type { StoredEvent } from '@dosti/contracts'
import { tell } from '@dosti/conversations'
import type { EventKey, LogReader } from '@dosti/db'
import { createLogger } from '@dosti/runtime'
import { beforeEach, describe, expect, it } from 'vitest'
import { createTellMissed, Missed, type Newcomer } from './tell-missed.ts'

const event = (seq: number, stream: StoredEvent['stream'] = 'public'): StoredEvent =>
  ({
    id: `msg_${stream}${seq}`,
    name: stream === 'public' ? 'message.sent' : 'note.added',
    stream,
    seq,
    timestamp: now,
    visitorId: 'v',
    conversationId: 'cnv_a',
    actor: { kind: 'agent', id: 'agt_ann', name: 'Ann' },
    data: { text: 'Hi' },
  }) as StoredEvent

/** A log in which every event has a transaction of its own, from 101 on. */
let written: StoredEvent[]
let fails: boolean
let here: Set<string>
let delivered: string[]
let missed: Missed
/** Postgres' clock. */
let now: number
let during: () => void
let newcomers: Record<string, Newcomer>
let heardBy: string[][]

const keyOf = (one: StoredEvent, index: number): EventKey => ({
  id: one.id,
  workspaceId: 'wsp_a',
  visitorId: one.visitorId,
  stream: one.stream,
  seq: one.seq,
  xid: String(101 + index),
})
const push = (...events: StoredEvent[]) => missed.hear(tell('wsp_a', events)).map((told) => told.event)
const looks = async (times = 3) => {
  for (let time = 0; time < times; time += 1) await missed.look()
}

beforeEach(async () => {
  written = []
  fails = false
  here = new Set(['visitor:wsp_a:v'])
  delivered = []
  newcomers = {}
  heardBy = []
  now = 1_000_000
  during = () => {}
  missed = new Missed({
    reader: {
      async snapshot() {
        const end = String(101 + written.length)
        during()
        return { finished: end, unbegun: end, now }
      },
      async ids(from, before, limit) {
        const keys = await this.keys(from, before, limit)
        const last = keys.at(-1)?.xid
        return last === undefined ? undefined : { ids: keys.map(({ id }) => id), last }
      },
      keys: async (from, before, limit) =>
        written
          .map(keyOf)
          .filter(({ xid }) => BigInt(xid) >= BigInt(from) && BigInt(xid) < BigInt(before))
          .slice(0, limit),
      events: async (keys) => {
        if (fails) throw new Error('away')
        const byId = new Map(written.map((one) => [one.id, one]))
        return keys.map(({ id }) => ({ workspaceId: 'wsp_a' as const, event: byId.get(id) as StoredEvent }))
      },
    },
    isHere: (room) => here.has(room),
    deliver({ event }, mayHear) {
      delivered.push('id' in event ? event.id : event.name)
      heardBy.push(Object.keys(newcomers).filter((name) => mayHear(newcomers[name] ?? {})))
    },
  })
  await missed.look()
})

describe('a node that starts', () => {
  it('has seen where the log ends before anybody comes, and starts without Postgres too', async () => {
    const snapshots: string[] = []
    const start = (snapshot: () => Promise<never>) =>
      createTellMissed({
        reader: { snapshot } as unknown as LogReader,
        isHere: () => false,
        deliver: () => {},
        log: createLogger('test', 'silent'),
      })
    const tellMissed = await start(() => {
      snapshots.push('asked')
      return Promise.reject(new Error('away'))
    })
    tellMissed.end()
    expect(snapshots).toEqual(['asked'])
  })
})

describe('what was written and not pushed', () => {
  it('is delivered once, after it had time to be pushed', async () => {
    written.push(event(1), event(2))
    push(event(2))
    await looks(2)
    expect(delivered).toEqual([])
    await looks(5)
    expect(delivered).toEqual(['msg_public1'])
  })
  it('is not delivered again by a push that comes late', async () => {
    written.push(event(1))
    await looks()
    const [late] = written as [StoredEvent]
    expect(push(late)).toEqual([])
    for (let minute = 1; minute <= 5; minute += 1) {
      now += 60_000
      await looks(1)
      expect(push(late)).toEqual([])
    }
    expect(push(event(2))).toHaveLength(1)
  })
  it('passes when Postgres’ clock has stepped back', async () => {
    now -= 3_600_000
    await looks(1)
    expect(push(event(1))).toHaveLength(1)
  })
  it('is not delivered again when two pushes of it come', () => {
    expect(push(event(1))).toHaveLength(1)
    expect(push(event(1))).toEqual([])
  })
  it('is nobody’s news where nobody is who may see it', async () => {
    written.push(event(1, 'internal'))
    await looks()
    expect(delivered).toEqual([])
    written.push(event(2, 'internal'))
    here.add('agents:wsp_a')
    await looks()
    expect(delivered).toEqual(['msg_internal2'])
  })
  it('comes when the log can be read again, and what was heard still does not', async () => {
    written.push(event(1), event(2))
    push(event(1))
    fails = true
    await looks(2)
    await expect(missed.look()).rejects.toThrow('away')
    fails = false
    await looks(3)
    expect(delivered).toEqual(['msg_public2'])
  })
  it('comes no later for all the looks that failed', async () => {
    written.push(event(1))
    fails = true
    await looks(2)
    for (let look = 0; look < 5; look += 1) await expect(missed.look()).rejects.toThrow('away')
    fails = false
    written.push(event(2))
    await looks(3)
    expect(delivered).toEqual(['msg_public1', 'msg_public2'])
  })
  it('is told to nobody who cannot tell a repeat and may have heard it elsewhere before they came', async () => {
    const come = (name: string) => {
      const newcomer: Newcomer = {}
      newcomers[name] = newcomer
      missed.greet(newcomer)
    }
    come('early')
    await looks(1)
    written.push(event(1))
    come('at once')
    await looks(1)
    come('late')
    await looks(3)
    written.push(event(2))
    await looks(3)
    expect([delivered, heardBy]).toEqual([
      ['msg_public1', 'msg_public2'],
      [['early'], ['early', 'at once', 'late']],
    ])
  })
  it('is found behind more keys than are read at a time', async () => {
    written.push(...Array.from({ length: 4500 }, (_, index) => event(index + 1)))
    push(...written.slice(0, -1))
    await looks()
    expect(delivered).toEqual(['msg_public4500'])
  })
})

it('what was written before the first look is not told: nobody was here', async () => {
  written.push(event(1))
  const late = new Missed({
    reader: {
      snapshot: async () => ({ finished: '102', unbegun: '102', now }),
      ids: async () => ({ ids: written.map(({ id }) => id), last: '101' }),
      keys: async () => written.map(keyOf),
      events: async () => [],
    },
    isHere: () => true,
    deliver: () => void delivered.push('something'),
  })
  for (let time = 0; time < 5; time += 1) await late.look()
  expect(delivered).toEqual([])
})

it('what is heard while the log is begun anew is not told again', async () => {
  push(...Array.from({ length: 100_001 }, (_, index) => event(index + 2)))
  during = () => {
    during = () => {}
    const news = event(1)
    written.push(news)
    push(news)
  }
  await looks(5)
  expect(delivered).toEqual([])
  written.push(event(200_000))
  await looks(5)
  expect(delivered).toEqual(['msg_public200000'])
})

it('what has no number passes, however often it is told', () => {
  const typing = tell('wsp_a', [event(1)]).map((told) => ({
    ...told,
    event: { name: 'typing.stopped' as const, data: { visitorId: 'v', by: { kind: 'visitor', id: 'v', name: null } } },
  }))
  expect(missed.hear(typing as never)).toHaveLength(1)
  expect(missed.hear(typing as never)).toHaveLength(1)
})
