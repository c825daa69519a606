import { describe, expect, it } from 'vitest'
import { createBreaker } from './breaker.ts'

describe('D8 the breaker', () => {
  it('lets everybody ask until five in a row were not answered', () => {
    const breaker = createBreaker(() => 0)
    for (let failure = 0; failure < 4; failure += 1) breaker.failed()
    breaker.answered()
    for (let failure = 0; failure < 4; failure += 1) breaker.failed()
    expect(breaker.mayAsk()).toBe(true)
    breaker.failed()
    expect(breaker.mayAsk()).toBe(false)
  })

  it('then lets one probe through at a time, and all once it is answered', () => {
    let now = 0
    const breaker = createBreaker(() => now)
    for (let failure = 0; failure < 5; failure += 1) breaker.failed()
    now = 500
    expect([breaker.mayAsk(), breaker.mayAsk()]).toEqual([true, false])
    breaker.failed()
    now = 1000
    expect(breaker.mayAsk()).toBe(true)
    breaker.answered()
    expect([breaker.mayAsk(), breaker.mayAsk()]).toEqual([true, true])
  })
})
