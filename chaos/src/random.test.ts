import { expect, it } from 'vitest'
import { createRandom } from './random.ts'

const draw = (seed: number) => {
  const random = createRandom(seed)
  return [
    random.shuffled([1, 2, 3, 4, 5, 6]),
    random.between(0, 1000),
    random.fork('a').between(0, 1000),
    random.chance(0.5),
  ]
}

it('a seed gives the same choices each time, and another seed others', () => {
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})

it('a fork does not depend on what was drawn before', () => {
  const [a, b] = [createRandom(7), createRandom(7)]
  a.next()
  expect(a.fork('x').next()).toBe(b.fork('x').next())
  expect(a.fork('x').next()).not.toBe(a.fork('y').next())
})

it('every number of a range comes up, and none beside it', () => {
  const random = createRandom(1)
  const seen = new Set(Array.from({ length: 1000 }, () => random.between(3, 7)))
  expect([...seen].toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6, 7])
})
