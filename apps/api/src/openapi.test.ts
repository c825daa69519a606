import { OPERATIONS } from '@dosti/contracts'
import { describe, expect, it } from 'vitest'
import { openApi } from './openapi.ts'

interface Operation {
  operationId: string
  security: Record<string, unknown>[]
  responses: Record<string, { description: string }>
}
const document = openApi('dosti_test') as {
  components: { securitySchemes: Record<string, { name?: string }> }
  paths: Record<string, Record<string, Operation>>
}
const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
const named = (name: string) => operations.find(({ operationId }) => operationId === name)

describe('the OpenAPI document', () => {
  it('has every operation, by a name of its own', () => {
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual(expect.arrayContaining([...Object.keys(OPERATIONS), 'chat.send', 'chat.poll']))
  })

  it('says what who asks must show, by schemes that it describes', () => {
    const schemes = Object.keys(document.components.securitySchemes)
    for (const { operationId, security } of operations) {
      expect(security.length, operationId).toBeGreaterThan(0)
      for (const set of security) expect(schemes, operationId).toEqual(expect.arrayContaining(Object.keys(set)))
    }
    expect(named('message.send')?.security).toEqual([
      { key: [], visitorId: [] },
      { key: [], visitorId: [], visitorToken: [] },
      { session: [] },
    ])
    expect(named('session.start')?.security).toContainEqual({})
    expect(document.components.securitySchemes['session']?.name).toBe('dosti_test')
  })

  it('says what credentials are refused with', () => {
    expect(named('message.send')?.responses['401']?.description).toMatch(
      /key\.revoked.*visitor\.token_required.*auth\.expired/u,
    )
    expect(named('note.add')?.responses['403']?.description).toContain('access.denied')
  })
})
