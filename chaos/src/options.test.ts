import { expect, it } from 'vitest'
import { readOptions } from './options.ts'

const drawn = () => 42

it('without words: sixty faults of every kind, a seed of its own', () => {
  expect(readOptions([], drawn)).toMatchObject({ until: { faults: 60 }, seed: 42, only: undefined, size: 'full' })
})

it('reads all of them', () => {
  const words = ['--minutes', '5', '--seed', '7', '--only', 't1, T7', '--short', '--visitors', '8', '--rate', '20']
  expect(readOptions(words, drawn)).toEqual({
    until: { minutes: 5 },
    seed: 7,
    only: ['T1', 'T7'],
    size: 'short',
    visitors: 8,
    rate: 20,
  })
})

it.each([[['--faults', 'x']], [['--faults', '1', '--minutes', '1']], [['--unknown']]])('refuses %j', (words) => {
  expect(() => readOptions(words, drawn)).toThrow()
})
