import { expect, test } from 'vitest'
import { linkify } from './linkify.ts'

const links = (text: string) => linkify(text).flatMap((part) => (part.kind === 'link' ? [part.text] : []))

test.each([
  ['see https://a.example/x?y=1#z.', ['https://a.example/x?y=1#z']],
  ['(https://a.example/wiki_(x)) and http://b.example', ['https://a.example/wiki_(x)', 'http://b.example']],
  ['یہ https://a.example/راستہ۔ دیکھیں', ['https://a.example/راستہ']],
  ['HTTPS://A.EXAMPLE', ['HTTPS://A.EXAMPLE']],
  ['javascript:alert(1) data:text/html,x ftp://a.example mailto:a@b.example', []],
  ['https:// and http://', []],
  ['<a href="https://a.example">x</a>', ['https://a.example']],
])('only http(s) addresses become links: %s', (text, expected) => {
  expect(links(text)).toEqual(expected)
})

test('the parts joined are the text, whatever it holds', () => {
  const texts = [
    '',
    'plain',
    'https://a.example',
    'a https://a.example, b https://b.example! c',
    'https://[broken https://ok.example',
    '🙂 https://a.example/🙂 ۔',
  ]
  for (const text of texts)
    expect(
      linkify(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text)
})
