import { describe, expect, it } from 'vitest'
import { gather } from './gather.ts'

describe('gather', () => {
  it('asks once for what arrives together, and answers each', async () => {
    const questions: string[][] = []
    const lookUp = gather(async (keys: string[]) => {
      questions.push(keys)
      return keys.map((key) => key.toUpperCase())
    })
    expect(await Promise.all(['a', 'b', 'a'].map(lookUp))).toEqual(['A', 'B', 'A'])
    expect(questions).toEqual([['a', 'b', 'a']])
  })

  it('gathers while a question is under way', async () => {
    const questions: { keys: string[]; answer: () => void }[] = []
    const lookUp = gather((keys: string[]) => {
      const { promise, resolve } = Promise.withResolvers<string[]>()
      questions.push({ keys, answer: () => resolve(keys) })
      return promise
    })
    const turn = () => new Promise((resolve) => setTimeout(resolve, 5))
    const all = []
    for (const key of ['a', 'b', 'c', 'd']) {
      all.push(lookUp(key))
      await turn()
    }
    expect(questions.map(({ keys }) => keys)).toEqual([['a']])
    questions[0]?.answer()
    await turn()
    expect(questions.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c', 'd']])
    questions[1]?.answer()
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('goes on gathering for a moment after a question that several shared', async () => {
    const questions: string[][] = []
    const lookUp = gather(async (keys: string[]) => {
      questions.push(keys)
      return keys
    })
    await Promise.all(['a', 'b'].map(lookUp))
    const third = lookUp('c')
    await new Promise((resolve) => setImmediate(resolve))
    await Promise.all([third, lookUp('d')])
    expect(questions).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  it('a failure reaches all that asked, and none of those behind', async () => {
    let isAway = true
    const lookUp = gather(async (keys: string[]) => {
      if (isAway) throw new Error('away')
      return keys
    })
    const outcomes = await Promise.allSettled(['a', 'b'].map(lookUp))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    isAway = false
    expect(await lookUp('c')).toBe('c')
  })
})
