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
})

it('P4 what is committed long after the time it names is cut within half a minute', async () => {
  let now = 3_600_000
  const revoked: { kind: 'session'; id: string; at: number }[] = []
  const cuts: string[] = []
  const look = createRevocationsLook({
    revokedWithin: async (withinMs) => revoked.filter(({ at }) => at >= now - withinMs),
    cut: (room) => void cuts.push(room),
    clock: () => now,
  })
  await look()
  revoked.push({ kind: 'session', id: 'late', at: now - 600_000 })
  for (const end = now + 30_000; now < end; now += 500) await look()
  await look()
  expect(cuts).toEqual(['session:late'])
})
