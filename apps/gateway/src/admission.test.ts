import type { IncomingMessage } from 'node:http'
import { DostiError, type Actor } from '@dosti/contracts'
import { describe, expect, it } from 'vitest'
import { createAdmission, type AdmissionOptions } from './admission.ts'

const from = (remoteAddress: string, forwardedFor?: string): IncomingMessage =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwardedFor } }) as unknown as IncomingMessage
const agent: Actor = { kind: 'agent', workspaceId: 'wsp_a', agentId: 'agt_ann', agentName: 'Ann', sessionId: 'ses_a' }
const visitor: Actor = { kind: 'visitor', workspaceId: 'wsp_a', visitorId: 'v', bound: false }
const admissionOf = (options: Partial<AdmissionOptions>) =>
  createAdmission({ perAddress: 100, inAll: 100, trustedProxies: [], leaving: () => undefined, ...options })

describe('admission', () => {
  it('refuses an address that holds its share, and no other', () => {
    const admission = admissionOf({ perAddress: 2 })
    const leave = admission.enter(from('10.0.0.1'))
    expect(admission.refusal(from('10.0.0.1'))).toBeUndefined()
    admission.enter(from('10.0.0.1'))
    expect(admission.refusal(from('10.0.0.1'))).toMatchObject({
      code: 'rate.limited',
      retryAfterMs: expect.any(Number),
    })
    expect(admission.refusal(from('10.0.0.2'))).toBeUndefined()
    leave()
    leave()
    expect(admission.refusal(from('10.0.0.1'))).toBeUndefined()
    admission.enter(from('10.0.0.1'))
    expect(admission.refusal(from('10.0.0.1'))).toMatchObject({ code: 'rate.limited' })
  })

  it('goes by what a trusted proxy says, and by nobody else', () => {
    const admission = admissionOf({ perAddress: 1, trustedProxies: ['10.0.0.0/24'] })
    admission.enter(from('10.0.0.9', '203.0.113.1'))
    expect(admission.refusal(from('10.0.0.9', '203.0.113.1'))).toBeDefined()
    expect(admission.refusal(from('10.0.0.9', '203.0.113.2'))).toBeUndefined()
    admission.enter(from('198.51.100.1', '203.0.113.3'))
    expect(admission.refusal(from('198.51.100.1', '203.0.113.4'))).toBeDefined()
  })

  it('keeps the last of a node for agents', () => {
    const admission = admissionOf({ inAll: 20 })
    for (let count = 0; count < 19; count += 1) admission.enter(from('10.0.0.1'))
    expect(() => admission.admit(visitor)).not.toThrow()
    admission.enter(from('10.0.0.1'))
    expect(() => admission.admit(visitor)).toThrow(expect.objectContaining({ code: 'service.unavailable' }))
    expect(() => admission.admit(agent)).not.toThrow()
    expect(admission.refusal(from('10.0.0.2'))).toMatchObject({ code: 'service.unavailable' })
  })

  it('refuses everybody once the node is leaving', () => {
    let refusal: DostiError | undefined
    const admission = admissionOf({ leaving: () => refusal })
    expect(admission.refusal(from('10.0.0.1'))).toBeUndefined()
    refusal = new DostiError('service.unavailable', { retryAfterMs: 1000 })
    expect(admission.refusal(from('10.0.0.1'))).toBe(refusal)
  })
})
