import { describe, expect, it } from 'vitest'
import { remember } from './remember.ts'

describe('remember', () => {
  const world = () => {
    const at = { now: 0, fails: false }
    const asked: number[] = []
    const look = remember(
      async (name: string) => {
        asked.push(at.now)
        if (at.fails) throw new Error('away')
        return `${name} at ${at.now}`
      },
      (name) => name,
      () => at.now,
    )
    return { at, asked, look }
  }

  it('believes an answer for a second, and shares a question', async () => {
    const { at, asked, look } = world()
    expect(await Promise.all([look('a'), look('a')])).toEqual(['a at 0', 'a at 0'])
    at.now = 400
    expect(await look('a')).toBe('a at 0')
    expect(asked).toEqual([0])
    at.now = 1000
    expect(await look('a')).toBe('a at 1000')
  })

  it('P4 asks anew in time, so that nobody waits and no answer is older than a second', async () => {
    const { at, asked, look } = world()
    for (at.now = 0; at.now < 10_000; at.now += 100) {
      const answer = await look('a')
      expect(at.now - Number(answer.split(' ').at(-1))).toBeLessThan(1000)
    }
    expect(asked.length).toBeGreaterThan(10)
    expect(asked.length).toBeLessThan(15)
  })

  it('a failure is no answer, and one that nobody waits for harms nobody', async () => {
    const { at, look } = world()
    await look('a')
    at.fails = true
    at.now = 800
    expect(await look('a')).toBe('a at 0')
    at.now = 1200
    await expect(look('a')).rejects.toThrow('away')
    at.fails = false
    expect(await look('a')).toBe('a at 1200')
  })
})
