import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLogger } from './logger.ts'
import { repeat } from './repeat.ts'

const log = createLogger('test', 'silent')
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('repeat', () => {
  it('leaves out the turns that would overlap', async () => {
    let [begun, release] = [0, () => {}]
    const end = repeat(
      100,
      () => {
        begun += 1
        return new Promise((resolve) => (release = resolve))
      },
      log,
      'failed',
    )
    await vi.advanceTimersByTimeAsync(350)
    expect(begun).toBe(1)
    release()
    await vi.advanceTimersByTimeAsync(100)
    expect(begun).toBe(2)
    end()
  })

  it('does again what failed, and says so', async () => {
    const warn = vi.spyOn(log, 'warn')
    let begun = 0
    const end = repeat(
      100,
      async () => {
        begun += 1
        throw new Error('no answer')
      },
      log,
      'it cannot be read',
    )
    await vi.advanceTimersByTimeAsync(250)
    expect(begun).toBe(2)
    expect(warn.mock.calls.map(([, words]) => words)).toEqual(['it cannot be read', 'it cannot be read'])
    end()
    await vi.advanceTimersByTimeAsync(500)
    expect(begun).toBe(2)
  })
})
