import { memoryStorage } from '@dosti/client'
import { afterEach, expect, test, vi } from 'vitest'
import { forgetIdentity, heldIdentity, makeIdentity } from './identity.ts'

const KEY = 'dosti_pub_x'

afterEach(() => vi.unstubAllGlobals())

/** An api that makes visitors one, two, three. */
function stubApi(whileItWorks = () => undefined): { url: string; headers: Headers }[] {
  const asked: { url: string; headers: Headers }[] = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    asked.push({ url, headers: new Headers(init.headers) })
    whileItWorks()
    return Response.json({ ok: true, data: { visitorId: `vis_${asked.length}`, visitorToken: `t${asked.length}` } })
  })
  return asked
}

test('an identity is made once, with the key alone, and found again', async () => {
  const asked = stubApi()
  const storage = memoryStorage()
  const made = await makeIdentity(storage, KEY, 'http://api.test')
  expect(asked[0]?.url).toBe('http://api.test/api/v1/visitor.create')
  expect(asked[0]?.headers.get('x-dosti-key')).toBe(KEY)
  expect(asked[0]?.headers.get('authorization')).toBeNull()
  expect(heldIdentity(storage, KEY)).toEqual(made)
  expect(heldIdentity(storage, 'dosti_pub_other')).toBeNull()
})

test('two tabs that open at once end with one identity', async () => {
  const storage = memoryStorage()
  const other = { visitorId: 'vis_other', visitorToken: 'other' }
  stubApi(() => storage.set(`dosti:visitor:${KEY}`, JSON.stringify(other)) as undefined)
  expect(await makeIdentity(storage, KEY, 'http://api.test')).toEqual(other)
})

test('only the refused identity is forgotten', async () => {
  stubApi()
  const storage = memoryStorage()
  const made = await makeIdentity(storage, KEY, 'http://api.test')
  forgetIdentity(storage, KEY, { ...made, visitorToken: 'older' })
  expect(heldIdentity(storage, KEY)).toEqual(made)
  forgetIdentity(storage, KEY, made)
  expect(heldIdentity(storage, KEY)).toBeNull()
})

test('what is no identity counts as none', () => {
  const storage = memoryStorage()
  for (const odd of ['', '{', 'null', '[]', '{"visitorId":1,"visitorToken":"x"}']) {
    storage.set(`dosti:visitor:${KEY}`, odd)
    expect(heldIdentity(storage, KEY)).toBeNull()
  }
})
