import { expect, test } from 'vitest'
import { visitorIdFromPath, visitorIdToPath, visitorLabel } from './visitor-name.ts'

test('any id survives the way into the address and back, dots too', () => {
  const ids = ['.', '..', '~.', '~..', '~~.', '~', '...', '~...', 'a/b', '__proto__', '%2F', 'محمد_۴۵', 'vis_1']
  for (const id of ids) {
    const segment = visitorIdToPath(id)
    expect(visitorIdFromPath(segment)).toBe(id)
    const { pathname } = new URL(`/inbox/${encodeURIComponent(segment)}`, 'https://console.example')
    expect(decodeURIComponent(pathname.slice('/inbox/'.length))).toBe(segment)
  }
  expect(new Set(ids.map(visitorIdToPath)).size).toBe(ids.length)
})

test('a visitor without a name is called by the beginning of its id, never through the middle of a character', () => {
  expect(visitorLabel({ visitorId: 'vis_1', visitorName: null })).toBe('vis_1')
  expect(visitorLabel({ visitorId: 'vis_1', visitorName: 'Sara' })).toBe('Sara')
  expect(visitorLabel({ visitorId: `vis_${'0'.repeat(28)}83f0`, visitorName: null })).toBe('Visitor 83f0')
  expect(visitorLabel({ visitorId: '🙂'.repeat(40), visitorName: null })).toBe(`${'🙂'.repeat(16)}…`)
})
