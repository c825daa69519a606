import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { REQUEST_DEADLINE_MS, withinDeadline } from './deadline.ts'

const never = () => new Promise<never>(() => {})
/** What became of some work so far. */
const follow = (work: Promise<unknown>): { end: string } => {
  const one = { end: 'waiting' }
  work.then(
    (value) => void (one.end = String(value)),
    (error: { code?: string; message: string }) => void (one.end = error.code ?? error.message),
  )
  return one
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  // The one timer of all is left to nobody.
  vi.runAllTimers()
  vi.useRealTimers()
})

describe('D8 withinDeadline', () => {
  it('passes on what the work comes to', async () => {
    expect(await withinDeadline(Promise.resolve('done'))).toBe('done')
    await expect(withinDeadline(Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  })

  it('refuses each at its own time, whoever else waits', async () => {
    const first = follow(withinDeadline(never()))
    await vi.advanceTimersByTimeAsync(1000)
    const quick = follow(withinDeadline(new Promise((resolve) => setTimeout(resolve, 500, 'quick'))))
    const second = follow(withinDeadline(never()))
    await vi.advanceTimersByTimeAsync(REQUEST_DEADLINE_MS - 1001)
    expect([first.end, quick.end, second.end]).toEqual(['waiting', 'quick', 'waiting'])
    await vi.advanceTimersByTimeAsync(1)
    expect([first.end, second.end]).toEqual(['service.unavailable', 'waiting'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(second.end).toBe('service.unavailable')
  })

  it('work that ends after it was given up changes nothing for the others', async () => {
    const tardy = Promise.withResolvers<string>()
    const [first, given] = [follow(withinDeadline(tardy.promise)), follow(withinDeadline(never()))]
    await vi.advanceTimersByTimeAsync(REQUEST_DEADLINE_MS)
    const [between, done] = [follow(withinDeadline(never())), Promise.withResolvers<string>()]
    const [quick, last] = [follow(withinDeadline(done.promise)), follow(withinDeadline(never()))]
    tardy.resolve('tardy')
    done.resolve('done')
    await vi.advanceTimersByTimeAsync(REQUEST_DEADLINE_MS - 1)
    expect([between.end, quick.end, last.end]).toEqual(['waiting', 'done', 'waiting'])
    await vi.advanceTimersByTimeAsync(1)
    expect([first, given, between, last].map(({ end }) => end)).toEqual(Array(4).fill('service.unavailable'))
  })

  it('gives more time where more is asked for', async () => {
    const long = follow(withinDeadline(never(), REQUEST_DEADLINE_MS + 5000))
    await vi.advanceTimersByTimeAsync(REQUEST_DEADLINE_MS + 4999)
    expect(long.end).toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(long.end).toBe('service.unavailable')
  })
})
