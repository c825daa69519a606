import { describe, expect, it } from 'vitest'
import { createGuessFence, createLimits } from './limits.ts'

describe('the fence against guessing', () => {
  const ask = async (fence: ReturnType<typeof createGuessFence>, count: number, name = 'id') => {
    for (let index = 0; index < count; index += 1) await fence.countUnknown('wsp_a', '10.0.0.1', `${name} ${index}`)
  }
  it('lets 300 unknown ids a minute through, each as often as it likes, and says when to come back', async () => {
    const fence = createGuessFence(createLimits(true), () => 0)
    for (let round = 0; round < 3; round += 1) await ask(fence, 300)
    await expect(ask(fence, 1, 'one more')).rejects.toMatchObject({
      code: 'rate.limited',
      retryAfterMs: expect.any(Number),
    })
    await fence.countUnknown('wsp_a', '10.0.0.2', 'from elsewhere')
    await fence.countUnknown('wsp_b', '10.0.0.1', 'of another workspace')
  })
  it('begins anew with each minute, for all that it counts', async () => {
    let now = 30_000
    const fence = createGuessFence(createLimits(true), () => now)
    await ask(fence, 200)
    now = 60_000
    await ask(fence, 200)
    now = 61_000
    await ask(fence, 100, 'others')
    await expect(ask(fence, 1, 'one more')).rejects.toMatchObject({ code: 'rate.limited' })
  })
})
