import { DostiError } from '@dosti/contracts'
import { describe, expect, it } from 'vitest'
import { sqlState, translate } from './unavailable.ts'

describe('D8 an absent database is service.unavailable', () => {
  it.each([
    ['a driver error', Object.assign(new Error('x'), { code: '57P03' })],
    ['a refused connection', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
    [
      'an adapter error whose cause is a plain object',
      Object.assign(new Error('Database error'), { cause: { kind: 'postgres', code: '57P03' } }),
    ],
    [
      'an adapter error with its own word for the code',
      Object.assign(new Error('x'), { cause: { originalCode: '57P03', kind: 'x' } }),
    ],
    [
      'a Prisma error that hides the driver’s',
      Object.assign(new Error('x'), {
        code: 'P2039',
        meta: { driverAdapterError: Object.assign(new Error('y'), { cause: { originalCode: '57P03' } }) },
      }),
    ],
    [
      'a raw query of Prisma whose line was reset',
      Object.assign(new Error('Raw query failed'), {
        code: 'P2010',
        meta: { driverAdapterError: Object.assign(new Error('y'), { cause: { kind: 'ConnectionClosed' } }) },
      }),
    ],
    ['a pool that waited in vain', new Error('timeout exceeded when trying to connect')],
  ])('%s', (_name, error) =>
    expect(translate(error)).toMatchObject({ code: 'service.unavailable', retryAfterMs: 1000 }),
  )

  it.each([
    new Error('a bug'),
    Object.assign(new Error('unique'), { code: '23505' }),
    new DostiError('message.conflict'),
    'text',
    undefined,
  ])('other errors pass: %s', (error) => expect(translate(error)).toBe(error))

  it('the SQLSTATE is found through refusals and adapters', () => {
    const error = Object.assign(new Error('x'), { cause: { code: '57P03' } })
    expect(sqlState(translate(error))).toBe('57P03')
    expect(sqlState(new Error('x'))).toBe('')
  })
})
