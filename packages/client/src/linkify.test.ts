import { expect, test } from 'vitest'
import { linkify } from './linkify.ts'

const links = (text: string) => linkify(text).flatMap((part) => (part.kind === 'link' ? [part.href] : []))
const whole = (text: string) =>
  linkify(text)
    .map((part) => part.text)
    .join('')

test.each([
  ['see https://a.example/x.', 'https://a.example/x'],
  ['(https://a.example/x_(y))', 'https://a.example/x_(y)'],
  ['HTTP://A.example', 'http://a.example/'],
  ['دیکھیں https://a.example/؟q۔', 'https://a.example/%D8%9Fq'],
  ['[https://a.example]', 'https://a.example/'],
  ['<a href="https://a.example">x</a>', 'https://a.example/'],
  ['«https://a.example/»', 'https://a.example/'],
])('%s links to %s', (text, href) => {
  expect(links(text)).toEqual([href])
  expect(whole(text)).toBe(text)
})

test.each([
  'javascript:alert(1)',
  'data:text/html,x',
  'ftp://a.example',
  'a.example',
  'https://',
  'https://[broken',
  'xhttps://a.example',
  'file:///etc/passwd',
])('%s stays text', (text) => {
  expect(links(text)).toEqual([])
  expect(whole(text)).toBe(text)
})

test('several links and the text between them', () => {
  expect(linkify('a https://x.example b https://y.example c')).toEqual([
    { kind: 'text', text: 'a ' },
    { kind: 'link', text: 'https://x.example', href: 'https://x.example/' },
    { kind: 'text', text: ' b ' },
    { kind: 'link', text: 'https://y.example', href: 'https://y.example/' },
    { kind: 'text', text: ' c' },
  ])
})

test('signs that turn the direction of text cannot hide in an address', () => {
  expect(links('https://a.example/\u202egpj.exe')).toEqual(['https://a.example/'])
})

test('an address of nothing but closing signs is cut in one pass', () => {
  const signs = 2000
  const text = `http://a${'.'.repeat(signs)}a${')'.repeat(signs)}`
  expect(linkify(text).map((part) => part.text.length)).toEqual([text.length - signs, signs])
})
