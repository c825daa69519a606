import { describe, expect, it } from 'vitest'
import { createNewestMessages } from './newest-messages.ts'
import { pollMessages, readTimestamp } from './poll-messages.ts'
import type { ConversationStore, MessagesQuery } from './ports.ts'

describe('readTimestamp', () => {
  it.each([
    [1_781_625_600_000, 1_781_625_600_000],
    ['1781625600000', 1_781_625_600_000],
    [1_781_625_600, 1_781_625_600_000],
    ['1781625600', 1_781_625_600_000],
    [1_781_625_600.5, 1_781_625_600_500],
    ['2026-06-16T16:00:00Z', Date.parse('2026-06-16T16:00:00Z')],
    ['2026-06-16', Date.parse('2026-06-16')],
    [0, 0],
    ['0', 0],
    [1e308, 1e308],
  ])('takes %j', (given, milliseconds) => expect(readTimestamp(given)).toBe(milliseconds))

  it.each([undefined, null, ''])('takes %j for no cursor', (given) => expect(readTimestamp(given)).toBeUndefined())

  it.each([-1, '-1', Number.NaN, 'NaN', 'yesterday', '2026-13-45', 'June 2026', [], {}, true, '0x10'])(
    'refuses %j',
    (given) => expect(() => readTimestamp(given)).toThrow(expect.objectContaining({ code: 'request.invalid' })),
  )
})

describe('pollMessages', () => {
  const now = 1_800_000_000_000
  const actor = { kind: 'visitor', workspaceId: 'wsp_a', visitorId: 'v', bound: false } as const
  /** A store that only tells what it was asked. */
  const asked = (lastTimestamp: number, clock = now) => {
    const queries: MessagesQuery[] = []
    const store = {
      messages: async (query: MessagesQuery) => {
        queries.push(query)
        const reached = Math.min(query.afterTimestamp ?? 0, lastTimestamp)
        return { lastTimestamp, messages: [], hasMore: false, reached, now: clock }
      },
    } as unknown as ConversationStore
    const newest = createNewestMessages(
      () => now,
      () => () => {},
    )
    return { queries, newest, poll: pollMessages({ store, newest, clock: () => now, stopwatch: () => now }) }
  }

  it('a cursor from the future counts as a minute ago', async () => {
    const { queries, poll } = asked(now - 5)
    expect((await poll(actor, now + 86_400_000)).nextTimestamp).toBe(now - 60_000)
    expect(queries.at(-1)?.afterTimestamp).toBe(now - 60_000)
  })

  it('D4 a cursor ahead of this clock but not of the stream is taken as it is', async () => {
    const { queries, poll } = asked(now + 700)
    expect((await poll(actor, now + 700)).nextTimestamp).toBe(now + 700)
    expect(queries).toHaveLength(1)
  })

  it('D4 what has its timestamp before the cursor and is committed after the poll comes with the next', async () => {
    const { poll, newest } = asked(now - 5000)
    expect((await poll(actor, now)).nextTimestamp).toBe(now - 5000)
    expect(newest.hasNothingAfter('wsp_a', 'v', now)).toBe(false)
    expect(newest.hasNothingAfter('wsp_a', 'v', now - 5000)).toBe(true)
    expect((await poll(actor, now)).nextTimestamp).toBe(now - 5000)
  })

  it('D4 no answer from memory moves the cursor back behind a message that was read elsewhere', async () => {
    const { queries, poll } = asked(now - 200)
    expect((await poll(actor, now - 300)).nextTimestamp).toBe(now - 300)
    expect((await poll(actor, now - 200)).nextTimestamp).toBe(now - 200)
    expect((await poll(actor, now - 200)).nextTimestamp).toBe(now - 200)
    expect(queries).toHaveLength(2)
  })

  it('D4 a cursor by a clock ahead of that of the timestamps is one from the future', async () => {
    const { queries, poll } = asked(now - 90_000, now - 5000)
    await poll(actor, now)
    expect(queries.at(-1)?.afterTimestamp).toBe(now - 65_000)
  })

  it('D4 a visitor who has never written begins a day ago at the latest, one who is long gone as well', async () => {
    const { poll } = asked(now - 30 * 86_400_000)
    expect(await poll(actor, now - 1000)).toMatchObject({ nextTimestamp: now - 86_400_000, truncated: false })
    expect((await poll(actor, now - 7 * 86_400_000)).nextTimestamp).toBe(now - 7 * 86_400_000)
  })

  it('says that the window cut the answer', async () => {
    const { poll } = asked(now)
    expect((await poll(actor, 0)).truncated).toBe(true)
    expect((await poll(actor, now - 1000)).truncated).toBe(false)
    expect((await poll({ ...actor, bound: true }, 0)).truncated).toBe(false)
  })

  it('asks the database once a second at most while nothing is told, and at once when something is', async () => {
    const { queries, newest, poll } = asked(now)
    await poll(actor, now - 5)
    await poll(actor, now - 5)
    expect(queries).toHaveLength(1)
    await poll(actor, now - 6)
    expect(queries).toHaveLength(2)
    newest.hear([{ workspaceId: 'wsp_a', visitorId: 'v', audience: 'both', event: { name: 'message.sent' } as never }])
    await poll(actor, now - 5)
    expect(queries).toHaveLength(3)
  })
})

describe('a long poll', () => {
  const visitor = { kind: 'visitor', workspaceId: 'wsp_a', visitorId: 'v', bound: true } as const
  const aWhile = async () => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  }
  const polling = () => {
    const world = { now: 1_800_000_000_000, passed: 0, timers: [] as (() => void)[], messages: [] as unknown[] }
    const newest = createNewestMessages(
      () => world.passed,
      (_ms, run) => {
        world.timers.push(run)
        return () => {}
      },
    )
    const store = {
      messages: async () => ({
        lastTimestamp: world.now,
        messages: world.messages,
        hasMore: false,
        reached: world.now - 1,
        now: world.now,
      }),
    } as unknown as ConversationStore
    const write = () => {
      world.messages = [{ id: 'msg_1', name: 'message.sent', timestamp: world.now + 7 }]
      newest.hear([
        { workspaceId: 'wsp_a', visitorId: 'v', audience: 'both', event: { name: 'message.sent' } as never },
      ])
    }
    return {
      world,
      newest,
      write,
      poll: pollMessages({ store, newest, clock: () => world.now, stopwatch: () => world.passed }),
    }
  }
  const hold = { waitMs: 25_000, stillMay: async () => {}, isGone: () => false }

  it('answers as soon as a message is told, else when its time is over', async () => {
    const { world, write, poll } = polling()
    let answered = false
    const answer = poll(visitor, world.now - 1, hold).then((result) => {
      answered = true
      return result
    })
    await aWhile()
    expect(answered).toBe(false)
    write()
    expect((await answer).nextTimestamp).toBe(world.now + 7)

    world.messages = []
    const silence = poll(visitor, world.now - 1, hold)
    await aWhile()
    // A clock that is set back holds nobody.
    world.now -= 600_000
    world.passed += 25_000
    for (const run of world.timers) run()
    expect((await silence).messages).toEqual([])
  })

  it('P4 who may hear no more by then is refused', async () => {
    const { world, write, poll } = polling()
    const refused = poll(visitor, world.now - 1, {
      ...hold,
      stillMay: async () => {
        throw new Error('revoked')
      },
    })
    await aWhile()
    write()
    await expect(refused).rejects.toThrow('revoked')
  })

  it('the eleventh of a visitor gets the place of the first, which is answered', async () => {
    const { world, write, poll } = polling()
    const answered: number[] = []
    const answers = Array.from({ length: 11 }, async (_, index) => {
      const answer = await poll(visitor, world.now - 1, hold)
      answered.push(index)
      return answer
    })
    await aWhile()
    expect(answered).toEqual([0])
    expect((await answers[0])?.messages).toEqual([])
    write()
    expect((await Promise.all(answers.slice(1))).map(({ messages }) => messages.length)).toEqual(Array(10).fill(1))
  })

  it('is over once nobody waits for it', async () => {
    const { world, poll } = polling()
    let isGone = false
    const answer = poll(visitor, world.now - 1, { ...hold, isGone: () => isGone })
    await aWhile()
    isGone = true
    for (const run of world.timers) run()
    expect((await answer).messages).toEqual([])
  })

  it('D9 is answered when the process ends, and so is one that comes after', async () => {
    const { world, newest, poll } = polling()
    const answer = poll(visitor, world.now - 1, hold)
    await aWhile()
    newest.close()
    expect((await answer).messages).toEqual([])
    expect((await poll(visitor, world.now - 1, hold)).messages).toEqual([])
  })
})
