import { expect, it } from 'vitest'
import { createRevocationsLook } from './watch-revocations.ts'

it('P4 what was revoked while Postgres could not be asked is cut by the first answer after it', async () => {
  let now = 0
  let isAway = false
  const revoked = [{ kind: 'key' as const, id: 'gone', at: 5000 }]
  const cuts: string[] = []
  const look = createRevocationsLook({
    revokedWithin: async (withinMs) => {
      if (isAway) throw new Error('away')
      return revoked.filter(({ at }) => at <= now && at >= now - withinMs)
    },
    cut: (room) => void cuts.push(room),
    clock: () => now,
  })
  await look()
  isAway = true
  for (now = 1000; now < 600_000; now += 1000) await expect(look()).rejects.toThrow('away')
  isAway = false
  await look()
  expect(cuts).toEqual(['key:gone'])
  now += 60_000
  await look()
  now += 60_000
  await look()
  expect(cuts.length).toBeLessThanOrEqual(2)
})
