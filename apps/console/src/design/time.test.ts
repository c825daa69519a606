import { expect, test } from 'vitest'
import { briefTime, dayName } from './time.ts'

const now = new Date(2026, 5, 10, 15, 30).getTime()
const ago = (minutes: number) => now - minutes * 60_000

test('a list time grows coarser with age', () => {
  expect(briefTime(ago(0.5), now)).toBe('now')
  expect(briefTime(ago(4), now)).toBe('4 m')
  expect(briefTime(ago(120), now)).toMatch(/1[:.]?30|13/)
  expect(briefTime(ago(24 * 60), now)).toBe('Yesterday')
  expect(briefTime(ago(3 * 24 * 60), now)).not.toMatch(/\d/)
  expect(briefTime(ago(30 * 24 * 60), now)).toMatch(/11/)
})

test('a clock ahead of ours reads as now', () => {
  expect(briefTime(now + 5000, now)).toBe('now')
})

test('yesterday begins at midnight, not 24 hours ago', () => {
  const justAfterMidnight = new Date(2026, 5, 10, 0, 5).getTime()
  expect(dayName(justAfterMidnight - 10 * 60_000, justAfterMidnight)).toBe('Yesterday')
  expect(dayName(justAfterMidnight, justAfterMidnight)).toBe('Today')
  expect(dayName(new Date(2025, 0, 1).getTime(), now)).toMatch(/2025/)
})
