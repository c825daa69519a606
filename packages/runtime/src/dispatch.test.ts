import { DostiError, type Actor, type Handlers } from '@dosti/contracts'
import { describe, expect, it } from 'vitest'
import { createDispatch } from './dispatch.ts'
import { createLimits } from './limits.ts'
import { createLogger } from './logger.ts'

const visitor: Actor = { kind: 'visitor', workspaceId: 'wsp_a', visitorId: 'v', bound: false }
const request = { requestId: 'r1' }
const log = createLogger('test', 'silent')
const door = (handlers: Partial<Handlers>, limits = createLimits(false)) => createDispatch({ handlers, limits, log })

describe('D9 dispatch answers', () => {
  const dispatch = door({
    'typing.set': async () => ({}),
    'agent.list': async () => ({ agents: [] }),
    'message.send': async (_actor, { text }) => {
      if (text === 'bug') throw new TypeError('secret detail')
      throw new DostiError('service.unavailable', { retryAfterMs: 1000 })
    },
  })

  it('with what the handler gives', async () =>
    expect(await dispatch(visitor, 'typing.set', { typing: true }, request)).toEqual({ ok: true, data: {} }))

  it.each(['no.such', '__proto__', 'constructor', 'conversation.close'])('request.unknown for %s', async (name) =>
    expect(await dispatch(visitor, name as 'typing.set', {}, request)).toMatchObject({
      ok: false,
      error: { code: 'request.unknown' },
    }),
  )

  it('access.denied to the wrong kind of actor, before it looks at the input', async () =>
    expect(await dispatch(visitor, 'agent.list', 7, request)).toMatchObject({ error: { code: 'access.denied' } }))

  it('auth.missing to somebody who showed nothing', async () =>
    expect(await dispatch({ kind: 'anyone' }, 'agent.list', {}, request)).toMatchObject({
      error: { code: 'auth.missing' },
    }))

  it.each([undefined, null, 7, 'text', [], {}, { typing: 'yes' }])(
    'request.invalid naming the field for %j',
    async (input) =>
      expect(await dispatch(visitor, 'typing.set', input, request)).toMatchObject({
        error: { code: 'request.invalid', requestId: 'r1' },
      }),
  )

  it('the refusal that the handler threw, with its advice', async () =>
    expect(await dispatch(visitor, 'message.send', { text: 'x' }, request)).toMatchObject({
      error: { code: 'service.unavailable', retryAfterMs: 1000 },
    }))

  it('internal for a bug, without its text', async () => {
    const reply = await dispatch(visitor, 'message.send', { text: 'bug' }, request)
    expect(reply).toMatchObject({ error: { code: 'internal' } })
    expect(JSON.stringify(reply)).not.toContain('secret')
  })
})

describe('limits', () => {
  it('hold per visitor and say when to come back', async () => {
    const dispatch = door({ 'typing.set': async () => ({}) }, createLimits(true))
    const replies = await Promise.all(
      Array.from({ length: 241 }, () => dispatch(visitor, 'typing.set', { typing: true }, request)),
    )
    const refused = replies.filter((reply) => !reply.ok)
    expect(refused).toHaveLength(1)
    expect(refused[0]).toMatchObject({ error: { code: 'rate.limited', retryAfterMs: expect.any(Number) } })
    expect(await dispatch({ ...visitor, visitorId: 'w' }, 'typing.set', { typing: true }, request)).toMatchObject({
      ok: true,
    })
  })
})
