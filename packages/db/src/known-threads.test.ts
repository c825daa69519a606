import type { Thread, Told } from '@dosti/conversations'
import { beforeEach, describe, expect, it } from 'vitest'
import { createKnownThreads, type KnownThreads } from './known-threads.ts'

const thread = (numbers: Partial<Thread> = {}): Thread => ({
  visitorId: 'v',
  visitorName: null,
  bound: false,
  seq: 4,
  internalSeq: 2,
  lastTimestamp: 9,
  conversation: null,
  ...numbers,
})
const told = (event: object): Told[] => [
  { workspaceId: 'wsp_a', visitorId: 'v', audience: 'both', event: event as never },
]
const keyOf = ({ visitorId }: Told) => visitorId

let time: number
let known: KnownThreads
beforeEach(() => {
  time = 0
  known = createKnownThreads(() => time)
  known.set('v', { thread: thread(), version: '7' })
})

describe('known threads', () => {
  it.each([
    ['a later public event', { name: 'message.sent', stream: 'public', seq: 5 }, false],
    ['a public event that it holds', { name: 'message.sent', stream: 'public', seq: 4 }, true],
    ['a later note', { name: 'note.added', stream: 'internal', seq: 3 }, false],
    ['a note that it holds', { name: 'note.added', stream: 'internal', seq: 2 }, true],
    ['a later read mark', { name: 'conversation.read', data: { visitorId: 'v', by: 'agents', seq: 1 } }, false],
    ['typing', { name: 'typing.started', data: { visitorId: 'v', by: 'agents' } }, true],
  ])('after %s', (_name, event, isKnown) => {
    known.hear(told(event), keyOf)
    expect(known.get('v') !== undefined).toBe(isKnown)
  })

  it('holds a bounded number, the last changed longest', () => {
    for (let index = 1; index < 10_000; index += 1) known.set(`other ${index}`, { thread: thread(), version: '8' })
    known.set('v', { thread: thread({ seq: 5 }), version: '9' })
    known.set('one more', { thread: thread(), version: '9' })
    expect(known.get('v')?.version).toBe('9')
    expect(known.get('other 1')).toBeUndefined()
  })

  it('reckons the clock on from its last word, for ten seconds', () => {
    expect(known.now()).toBeUndefined()
    known.heardClock(1000)
    time = 2500.7
    expect(known.now()).toBe(3500)
    time = 10_001
    expect(known.now()).toBeUndefined()
  })
})
