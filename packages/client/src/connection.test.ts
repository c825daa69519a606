import type { Hello } from '@dosti/contracts'
import { describe, expect, test } from 'vitest'
import { createTestClock, settle } from '../testing/test-clock.ts'
import { createConnection, type ConnectionOptions } from './connection.ts'
import type { Line, LineHandlers, Transport } from './line.ts'
import type { Network } from './network.ts'
import { RequestError, unreachable } from './request-error.ts'

interface OpenedLine {
  hello: Hello
  handlers: LineHandlers
  first: Transport
  closed: boolean
  emitted: { operation: string; resolve: (reply: unknown) => void; reject: (error: Error) => void }[]
}

function world(options: Partial<ConnectionOptions> = {}) {
  const clock = createTestClock()
  const lines: OpenedLine[] = []
  let tickets = 0
  let watcher: Parameters<Network['watch']>[0] | null = null
  let online = true
  const connection = createConnection({
    gateway: 'http://gateway.test',
    hello: async () => ({ ticket: `t${(tickets += 1)}` }),
    clock,
    network: {
      online: () => online,
      watch: (listener) => {
        watcher = listener
        return () => {
          watcher = null
        }
      },
    },
    openLine: (_gateway, hello, handlers, { now, first }) => {
      const line: OpenedLine = { hello, handlers, first, closed: false, emitted: [] }
      lines.push(line)
      const opened = now()
      const emit: Line['emit'] = (operation) =>
        new Promise((resolve, reject) => line.emitted.push({ operation, resolve: resolve as never, reject }))
      return { emit, heardAt: () => opened, close: () => (line.closed = true) }
    },
    ...options,
  })
  const welcome = (line = lines.at(-1)) => line?.handlers.onWelcome({ protocol: 1, now: 0 })
  const network = (what: 'online' | 'offline' | 'seen') => {
    online = what !== 'offline'
    watcher?.(what)
  }
  return { clock, lines, connection, welcome, network, watched: () => watcher !== null }
}

const refusal = (code: RequestError['code'], retryAfterMs?: number) =>
  new RequestError({ code, message: code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })

describe('opening', () => {
  test('online once welcomed, with fresh credentials for each handshake', async () => {
    const { clock, lines, connection, welcome } = world()
    connection.connect()
    expect(connection.status.get().kind).toBe('connecting')
    await settle()
    expect(lines[0]?.hello).toEqual({ protocol: 1, ticket: 't1' })
    welcome()
    expect(connection.status.get().kind).toBe('online')
    lines[0]?.handlers.onEnd(unreachable())
    expect(connection.status.get()).toMatchObject({ kind: 'reconnecting', attempt: 1 })
    await clock.advance(1000)
    expect(lines[1]?.hello).toEqual({ protocol: 1, ticket: 't2' })
  })

  test('waits longer and longer, never more than 5 s', async () => {
    const { clock, lines, connection } = world()
    connection.connect()
    await settle()
    const waits: number[] = []
    for (let round = 0; round < 12; round += 1) {
      lines.at(-1)?.handlers.onEnd(unreachable())
      const status = connection.status.get()
      const wait = status.kind === 'reconnecting' ? status.retryAt - clock.now() : Number.NaN
      waits.push(wait)
      await clock.advance(wait)
      expect(lines).toHaveLength(round + 2)
    }
    expect(waits).toEqual(waits.toSorted((a, b) => a - b))
    expect(waits[0]).toBeLessThan(1000)
    expect(waits.at(-1)).toBeLessThanOrEqual(5000)
  })

  test('a server that takes the socket and never answers is given up', async () => {
    const { clock, lines, connection } = world()
    connection.connect()
    await clock.advance(21_000)
    expect(lines[0]?.closed).toBe(true)
    expect(lines.length).toBeGreaterThan(1)
  })

  test('obeys retryAfterMs', async () => {
    const { clock, lines, connection, network } = world()
    connection.connect()
    await settle()
    lines[0]?.handlers.onEnd(refusal('service.unavailable', 8000))
    await clock.advance(7000)
    network('seen')
    await settle()
    expect(lines).toHaveLength(1)
    await clock.advance(1100)
    expect(lines).toHaveLength(2)
  })
})

describe('refusals', () => {
  test.each(['key.unknown', 'key.revoked', 'origin.denied', 'protocol.outdated', 'visitor.token_required'] as const)(
    '%s stops it and is shown',
    async (code) => {
      const { clock, lines, connection, network } = world()
      connection.connect()
      await settle()
      lines[0]?.handlers.onEnd(refusal(code))
      expect(connection.status.get()).toMatchObject({ kind: 'refused', error: { code } })
      await clock.advance(120_000)
      network('online')
      await settle()
      expect(lines).toHaveLength(1)
      await expect(connection.request('typing.set', { typing: true })).rejects.toMatchObject({ code })
      connection.connect()
      await settle()
      expect(lines).toHaveLength(2)
    },
  )

  test('a ticket that ran out is replaced, twice at most', async () => {
    const { lines, connection } = world()
    connection.connect()
    for (let round = 0; round < 3; round += 1) {
      await settle()
      lines.at(-1)?.handlers.onEnd(refusal('auth.expired'))
    }
    expect(lines).toHaveLength(3)
    expect(connection.status.get()).toMatchObject({ kind: 'refused', error: { code: 'auth.expired' } })
  })

  test('a session that yields no ticket has ended', async () => {
    const { connection } = world({ hello: () => Promise.reject(refusal('auth.missing')) })
    connection.connect()
    await settle()
    expect(connection.status.get()).toMatchObject({ kind: 'refused', error: { code: 'auth.missing' } })
  })

  test('renewed credentials are tried at once', async () => {
    const { lines, connection, welcome } = world({ onRefused: () => 'retry' })
    connection.connect()
    await settle()
    lines[0]?.handlers.onEnd(refusal('visitor.token_required'))
    await settle()
    welcome()
    expect(lines).toHaveLength(2)
    expect(connection.status.get().kind).toBe('online')
  })
})

describe('the network', () => {
  test('is offline without one, and tries at once when it is back', async () => {
    const { lines, connection, welcome, network } = world()
    connection.connect()
    await settle()
    welcome()
    network('offline')
    expect(connection.status.get().kind).toBe('offline')
    expect(lines[0]?.closed).toBe(true)
    network('online')
    await settle()
    expect(lines).toHaveLength(2)
  })

  test('a line that slept is dead once the page is seen again', async () => {
    const { clock, lines, connection, welcome, network } = world()
    connection.connect()
    await settle()
    welcome()
    await clock.advance(40_000)
    network('seen')
    expect(lines[0]?.closed).toBe(false)
    await clock.advance(10_000)
    network('seen')
    expect(lines[0]?.closed).toBe(true)
    expect(connection.status.get().kind).toBe('reconnecting')
  })

  test('what a network swallows is not tried first twice', async () => {
    const { clock, lines, connection, welcome } = world()
    connection.connect()
    await clock.advance(10_100)
    lines[0]?.handlers.onEnd(unreachable())
    await clock.advance(5000)
    expect(lines.map(({ first }) => first)).toEqual(['websocket', 'polling'])
    welcome()
    lines[1]?.handlers.onEnd(unreachable())
    await clock.advance(5000)
    lines[2]?.handlers.onEnd(unreachable())
    await clock.advance(5000)
    expect(lines.slice(2).map(({ first }) => first)).toEqual(['polling', 'polling'])
  })

  test('close leaves nothing behind, and a late line is not heard', async () => {
    const { clock, lines, connection, welcome, watched } = world()
    connection.connect()
    await settle()
    connection.close()
    welcome(lines[0])
    expect(connection.status.get()).toEqual({ kind: 'idle' })
    expect(lines[0]?.closed).toBe(true)
    expect(clock.pending()).toBe(0)
    expect(watched()).toBe(false)
  })
})

describe('D9: requests', () => {
  test('wait for the line, then for the reply', async () => {
    const { lines, connection, welcome } = world()
    connection.connect()
    const asked = connection.request('typing.set', { typing: true })
    await settle()
    welcome()
    await settle()
    lines[0]?.emitted[0]?.resolve({ ok: true, data: {} })
    await expect(asked).resolves.toEqual({})
  })

  test('that wait for a line when it is closed wait no longer', async () => {
    const { clock, connection } = world()
    connection.connect()
    const asked = expect(connection.request('typing.set', { typing: true })).rejects.toMatchObject({ retryable: true })
    await settle()
    connection.close()
    await asked
    expect(clock.pending()).toBe(0)
  })

  test('are refused with the server’s code', async () => {
    const { lines, connection, welcome } = world()
    connection.connect()
    await settle()
    welcome()
    const asked = connection.request('typing.set', { typing: true })
    await settle()
    lines[0]?.emitted[0]?.resolve({ ok: false, error: { code: 'rate.limited', message: 'slow', retryAfterMs: 5 } })
    await expect(asked).rejects.toMatchObject({
      code: 'rate.limited',
      retryAfterMs: 5,
      outcomeUnknown: false,
      retryable: true,
    })
  })

  test('fail after ten seconds without a line', async () => {
    const { clock, connection } = world()
    const asked = connection.request('typing.set', { typing: true })
    const failed = expect(asked).rejects.toMatchObject({ code: 'service.unavailable', outcomeUnknown: false })
    await clock.advance(10_000)
    await failed
    expect(clock.pending()).toBe(0)
  })

  test('silence since the question ends the line: outcome unknown', async () => {
    const { clock, lines, connection, welcome } = world()
    connection.connect()
    await settle()
    welcome()
    await clock.advance(1000)
    const asked = connection.request('typing.set', { typing: true })
    await settle()
    lines[0]?.emitted[0]?.reject(new Error('operation has timed out'))
    await expect(asked).rejects.toMatchObject({ code: 'service.unavailable', outcomeUnknown: true })
    expect(connection.status.get().kind).toBe('reconnecting')
  })
})
