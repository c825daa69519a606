import { describe, expect, it } from 'vitest'
import { judge, median, takeTurns, takeWarmTurns, type Row } from './figure.ts'

const row = (ours: number[], values: number[], budget: Row['budget']): Row => ({
  what: 'it',
  unit: 'ms',
  ours,
  baseline: { name: 'the other', values },
  budget,
})

describe('median', () => {
  it('is the middle of an odd number of values, whatever their order', () => expect(median([9, 1, 5])).toBe(5))
  it('is between the middle two of an even number', () => expect(median([4, 1, 3, 2])).toBe(2.5))
  it('is not moved by one bad value', () => expect(median([1, 1, 1, 1, 900])).toBe(1))
})

describe('judge', () => {
  it('compares what was measured in the same turn: a machine that slows down moves both', () => {
    expect(judge(row([50, 10, 5], [100, 20, 10], { ratioAtLeast: 0.5 }))).toEqual({ ratio: 0.5, met: true })
  })
  it('takes the median of the ratios, which one bad turn does not move', () => {
    expect(judge(row([50, 50, 1], [100, 100, 100], { ratioAtLeast: 0.5 }))).toEqual({ ratio: 0.5, met: true })
  })
  it('compares the medians where the baseline was not measured in turn', () => {
    expect(judge(row([50, 60, 70], [100], { ratioAtLeast: 0.5 }))).toEqual({ ratio: 0.6, met: true })
    expect(judge(row([40], [100], { ratioAtLeast: 0.5 }))).toEqual({ ratio: 0.4, met: false })
  })
  it('holds it against a greatest one', () => {
    expect(judge(row([3], [2], { ratioAtMost: 2 })).met).toBe(true)
    expect(judge(row([5], [2], { ratioAtMost: 2 })).met).toBe(false)
  })
  it('holds our own value against a bound, without a baseline too', () => {
    expect(judge({ ...row([11], [], { atMost: 10 }), baseline: undefined })).toEqual({ ratio: undefined, met: false })
  })
  it('says nothing where nothing was asked', () => expect(judge(row([1], [2], undefined)).met).toBeUndefined())
})

describe('takeTurns', () => {
  it('measures each contestant once a round, in turn', async () => {
    const order: string[] = []
    const contestant = (name: string) => async () => order.push(name)
    const results = await takeTurns(2, { a: contestant('a'), b: contestant('b') })
    expect(order).toEqual(['a', 'b', 'a', 'b'])
    expect(results).toEqual({ a: [1, 3], b: [2, 4] })
  })
  it('does not count the first turn of those that are to be warm', async () => {
    const order: string[] = []
    const contestant = (name: string) => async () => order.push(name)
    expect(await takeWarmTurns(1, { a: contestant('a'), b: contestant('b') })).toEqual({ a: [3], b: [4] })
    expect(order).toEqual(['a', 'b', 'a', 'b'])
  })
})
