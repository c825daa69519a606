import { ERRORS, type ErrorCode } from '@dosti/contracts'
import { expect, test } from 'vitest'
import { readWireError, RETRYABLE } from './request-error.ts'

test('what may be retried is what the table of errors says', () => {
  const table = Object.entries(ERRORS).flatMap(([code, { retry }]) => (retry ? [code as ErrorCode] : []))
  expect([...RETRYABLE].sort()).toEqual(table.sort())
})

test('what is no error of ours counts as an unreachable server', () => {
  for (const odd of [null, undefined, 'x', {}, { code: 5, message: 'x' }])
    expect(readWireError(odd).code).toBe('service.unavailable')
  expect(readWireError({ code: 'key.revoked', message: 'x' })).toEqual({ code: 'key.revoked', message: 'x' })
})
