import { expect, test } from 'vitest'
import { createPlaces, type Place } from './places.ts'

/** Takes places, and notes who had to give way. */
function room(eachMax: number, max: number) {
  const displaced: string[] = []
  const places = createPlaces(eachMax, max)
  let count = 0
  const take = (key: string): Place => {
    const name = `${key}${(count += 1)}`
    return places.take(key, () => void displaced.push(name))
  }
  return { displaced, take }
}

test('the first of the same key gives way, nobody else', () => {
  const { displaced, take } = room(2, 100)
  const [other, first, second] = [take('b'), take('a'), take('a')]
  const third = take('a')
  expect(displaced).toEqual(['a2'])
  expect([other, first, second, third].map(({ isHeld }) => isHeld)).toEqual([true, false, true, true])
})

test('where all are taken, whoever has waited longest gives way', () => {
  const { displaced, take } = room(2, 3)
  for (const key of ['a', 'b', 'c', 'd', 'e']) take(key)
  expect(displaced).toEqual(['a1', 'b2'])
})

test('who has left takes no place, and leaving twice frees but one', () => {
  const { displaced, take } = room(1, 2)
  const first = take('a')
  first.leave()
  first.leave()
  take('a')
  take('b')
  expect(displaced).toEqual([])
  take('c')
  expect(displaced).toEqual(['a2'])
})
