import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createDrain } from './drain.ts'

const leaving = (cuts: string[], name: string, busy = () => false) => ({
  isBusy: busy,
  cut: () => void cuts.push(name),
})

describe('drain', () => {
  it('takes nobody new once it runs', async () => {
    const drain = createDrain()
    expect(drain.refusal()).toBeUndefined()
    await drain.run(0)
    expect(drain.refusal()).toMatchObject({ code: 'service.unavailable', retryAfterMs: expect.any(Number) })
  })

  it('lets everybody go, spread over the time', async () => {
    const drain = createDrain()
    const cuts: string[] = []
    for (let index = 0; index < 40; index += 1) drain.add(leaving(cuts, String(index)))
    const running = drain.run(400)
    expect(cuts.length).toBeLessThanOrEqual(10)
    await running
    expect(new Set(cuts).size).toBe(40)
  })

  it('D9: who is owed an answer goes when it has come, however short the time', async () => {
    const drain = createDrain()
    const cuts: string[] = []
    let busy = true
    drain.add(leaving(cuts, 'busy', () => busy))
    drain.add(leaving(cuts, 'idle'))
    const running = drain.run(0)
    expect(cuts).toEqual(['idle'])
    await wait(120)
    expect(cuts).toEqual(['idle'])
    busy = false
    await running
    expect(cuts).toEqual(['idle', 'busy'])
  })

  it('who is owed an answer that does not come is let go after its deadline', async () => {
    const drain = createDrain()
    const cuts: string[] = []
    drain.add(leaving(cuts, 'busy', () => true))
    await drain.run(0)
    expect(cuts).toEqual(['busy'])
  })

  it('who left by itself is not cut', async () => {
    const drain = createDrain()
    const cuts: string[] = []
    drain.add(leaving(cuts, 'gone'))()
    await drain.run(0)
    expect(cuts).toEqual([])
  })
})
