import { visitorView } from '@dosti/contracts/evolve'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AGENT, AISHA, MemoryStream, VISITOR, type Happening } from '../testing/memory-stream.ts'
import {
  applyEvent,
  applyOlderPage,
  applyPage,
  applyRead,
  emptyThread,
  hasGap,
  shownEvents,
  type Audience,
  type ThreadState,
} from './reducer.ts'

const say = (text: string, from = VISITOR): Happening => ({ kind: 'message', from, text })

function load(stream: MemoryStream, audience: Audience, limit?: number): ThreadState {
  return applyPage(emptyThread(audience), stream.sync({ limit }, audience))
}

describe('D3: the next number is appended, a repeat changes nothing', () => {
  test('snapshot + events = fresh snapshot', () => {
    const stream = new MemoryStream()
    stream.commit(say('hello'))
    let state = load(stream, 'agent')
    const happenings: Happening[] = [
      { kind: 'join' },
      say('hi', AGENT),
      { kind: 'note', text: 'odd' },
      { kind: 'assign', to: AISHA },
      say('bye'),
      { kind: 'close' },
    ]
    for (const event of happenings.flatMap((happening) => stream.commit(happening))) state = applyEvent(state, event)
    const fresh = load(stream, 'agent')
    expect(state.head).toEqual(fresh.head)
    expect(state.events).toEqual(fresh.events)
    expect([state.seq, state.internalSeq]).toEqual([fresh.seq, fresh.internalSeq])
  })

  test('the first message of a new visitor builds the head from nothing', () => {
    const stream = new MemoryStream()
    const empty = load(stream, 'visitor')
    expect(empty).toMatchObject({ loaded: true, seq: 0, head: null })
    const state = stream.commit(say('salam')).reduce((held, event) => applyEvent(held, event), empty)
    expect(state.head).toEqual(load(stream, 'visitor').head)
    expect(state.head).not.toHaveProperty('assignee')
  })

  test('a repeat returns the very same state', () => {
    const stream = new MemoryStream()
    const [opened, sent] = stream.commit(say('hello'))
    const state = load(stream, 'agent')
    expect(opened && applyEvent(state, opened)).toBe(state)
    expect(sent && applyEvent(state, sent)).toBe(state)
  })
})

describe('D5: a gap is seen, shown and closed', () => {
  test('an event too early is shown but not counted until the hole is filled', () => {
    const stream = new MemoryStream()
    stream.commit(say('one'))
    const loaded = load(stream, 'agent')
    const [missing] = stream.commit(say('two'))
    const [early] = stream.commit(say('three'))
    if (missing === undefined || early === undefined) throw new Error('nothing committed')
    const gapped = applyEvent(applyEvent(loaded, early), early)
    expect(hasGap(gapped)).toBe(true)
    expect(gapped.seq).toBe(loaded.seq)
    expect(shownEvents(gapped).at(-1)).toBe(early)
    const whole = applyEvent(gapped, missing)
    expect(hasGap(whole)).toBe(false)
    expect(whole.events).toEqual(stream.log)
    expect(whole.head).toEqual(stream.head)
  })

  test('a page that follows closes it', () => {
    const stream = new MemoryStream()
    stream.commit(say('one'))
    const loaded = load(stream, 'agent')
    stream.commit(say('two'))
    const gapped = stream.commit(say('three')).reduce((held, event) => applyEvent(held, event), loaded)
    const whole = applyPage(gapped, stream.sync({ after: gapped.seq, internalAfter: 0 }, 'agent'))
    expect(hasGap(whole)).toBe(false)
    expect(whole.head).toEqual(stream.head)
  })

  test('events told before the first page join it', () => {
    const stream = new MemoryStream()
    stream.commit(say('one'))
    const page = stream.sync({}, 'agent')
    const early = stream.commit(say('two')).reduce((held, event) => applyEvent(held, event), emptyThread('agent'))
    const state = applyPage(early, page)
    expect(state.events).toEqual(stream.log)
    expect(state.early).toEqual([])
  })
})

describe('pages', () => {
  test('D4: a fresh snapshot replaces what was held', () => {
    const stream = new MemoryStream()
    for (let index = 0; index < 20; index += 1) stream.commit(say(`m${index}`))
    const state = load(stream, 'agent')
    for (let index = 0; index < 200; index += 1) stream.commit(say(`n${index}`))
    const replaced = applyPage(state, stream.sync({ limit: 10 }, 'agent'))
    expect(replaced.events).toEqual(stream.log.slice(-10))
    expect(replaced.hasOlder).toBe(true)
    expect(replaced.head).toEqual(stream.head)
  })

  test('older pages come before, unless the thread was replaced meanwhile', () => {
    const stream = new MemoryStream()
    for (let index = 0; index < 30; index += 1) stream.commit(say(`m${index}`))
    const state = load(stream, 'agent', 10)
    const before = state.events[0]?.timestamp ?? 0
    const page = stream.sync({ before, limit: 50 }, 'agent')
    const whole = applyOlderPage(state, page, before)
    expect(whole.events).toEqual(stream.log)
    expect(whole.hasOlder).toBe(false)
    expect(applyOlderPage(whole, page, before)).toBe(whole)
  })

  test('read marks only rise', () => {
    const stream = new MemoryStream()
    stream.commit(say('one'))
    stream.commit(say('two'))
    const state = applyRead(load(stream, 'agent'), { by: 'agents', seq: 3 })
    expect(state.head).toMatchObject({ readByAgents: 3, unread: 0 })
    expect(applyRead(state, { by: 'agents', seq: 2 })).toBe(state)
  })

  test('P2: an internal event never enters a visitor’s thread', () => {
    const stream = new MemoryStream()
    stream.commit(say('one'))
    const state = load(stream, 'visitor')
    expect(
      stream.commit({ kind: 'note', text: 'secret' }).reduce((held, event) => applyEvent(held, event), state),
    ).toBe(state)
  })

  test('an event of a later version of the wire counts and does no harm', () => {
    const stream = new MemoryStream()
    const [, sent] = stream.commit(say('one'))
    const state = load(stream, 'agent')
    const later = {
      ...sent,
      id: 'evt_later',
      name: 'call.started',
      seq: state.seq + 1,
      timestamp: 9e12,
      data: {},
    } as unknown as NonNullable<typeof sent>
    const next = applyEvent(state, later)
    expect(next.seq).toBe(state.seq + 1)
    expect(next.head).toEqual({ ...state.head, seq: state.seq + 1 })
  })
})

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('message' as const),
      from: fc.constantFrom(VISITOR, AGENT),
      text: fc.string({ minLength: 1, maxLength: 5 }),
    }),
  },
  fc.constantFrom<Happening>(
    { kind: 'join' },
    { kind: 'close' },
    { kind: 'reopen' },
    { kind: 'open-anew' },
    { kind: 'note', text: 'n' },
    { kind: 'assign', to: AISHA },
    { kind: 'assign', to: null },
  ),
)
/** What the line does with an event: how many copies arrive, and how much later than told. */
const fate = fc.record({ copies: fc.nat({ max: 2 }), delay: fc.nat({ max: 6 }) })

describe.each(['visitor', 'agent'] as const)('fuzz, %s: drops, doubles and disorder converge', (audience) => {
  test('D3, D4: after one sync everything is as a fresh snapshot', () => {
    const run = fc.property(
      fc.array(fc.tuple(happening, fate, fc.boolean()), { minLength: 1, maxLength: 40 }),
      fc.nat({ max: 20 }),
      (story, before) => {
        const stream = new MemoryStream()
        for (const [event] of story.slice(0, before)) stream.commit(event)
        let state = load(stream, audience)
        let page = stream.sync({ after: state.seq, internalAfter: state.internalSeq }, audience)
        const arriving: { at: number; event: (typeof stream.log)[number] }[] = []
        for (const [index, [event, { copies, delay }, syncs]] of story.slice(before).entries()) {
          for (const committed of stream.commit(event)) {
            if (audience === 'visitor' && committed.stream === 'internal') continue
            for (let copy = 0; copy < copies; copy += 1)
              arriving.push({ at: index + delay * (copy + 1), event: committed })
          }
          for (const { event: told } of arriving.filter(({ at }) => at === index)) state = applyEvent(state, told)
          // A page may be applied long after it was made.
          if (syncs) state = applyPage(state, page)
          if (syncs) page = stream.sync({ after: state.seq, internalAfter: state.internalSeq, limit: 3 }, audience)
        }
        state = applyPage(
          state,
          stream.sync({ after: state.seq, internalAfter: state.internalSeq, limit: 500 }, audience),
        )
        const fresh = load(stream, audience, 500)
        expect(state.head).toEqual(
          audience === 'visitor' && stream.head !== null ? visitorView(stream.head) : stream.head,
        )
        expect(state.early).toEqual([])
        expect(shownEvents(state)).toEqual(fresh.events.slice(-state.events.length))
        expect([state.seq, state.internalSeq]).toEqual([fresh.seq, fresh.internalSeq])
      },
    )
    fc.assert(run, { numRuns: 500 })
  })

  test('with every event told once, in any order, no sync is needed at all', () => {
    const run = fc.property(
      fc.array(happening, { minLength: 1, maxLength: 25 }),
      fc.infiniteStream(fc.nat()),
      (story, order) => {
        const stream = new MemoryStream()
        const told = story
          .flatMap((event) => stream.commit(event))
          .filter((event) => audience === 'agent' || event.stream === 'public')
        const keys = new Map(told.map((event) => [event, order.next().value ?? 0]))
        const shuffled = [...told].sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0))
        const empty = applyPage(emptyThread(audience), new MemoryStream().sync({}, audience))
        const state = shuffled.reduce((held, event) => applyEvent(held, event), empty)
        expect(state.events).toEqual(told)
        expect(state.head).toEqual(
          audience === 'visitor' && stream.head !== null ? visitorView(stream.head) : stream.head,
        )
      },
    )
    fc.assert(run, { numRuns: 300 })
  })
})
