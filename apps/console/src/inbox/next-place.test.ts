import { expect, test } from 'vitest'
import { nextPlace } from './next-place.ts'

test.each([
  ['from row to row', { at: 3, before: 3 }, 4, 2],
  ['stays at the first', { at: 0, before: 0 }, 1, 0],
  ['stays at the last', { at: 9, before: 9 }, 9, 8],
  ['begins at an end', { at: -1, before: -1 }, 0, 9],
  ['goes on where the row was that left', { at: -1, before: 7 }, 7, 6],
  ['or at the end where that was the last', { at: -1, before: 10 }, 9, 9],
])('%s', (_, place, next, previous) => {
  expect(nextPlace({ ...place, by: 1, count: 10 })).toBe(next)
  expect(nextPlace({ ...place, by: -1, count: 10 })).toBe(previous)
})
