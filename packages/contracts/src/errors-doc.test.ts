import { expect, test } from 'vitest'
import page from '../../../docs/errors.md?raw'
import { ERRORS } from './errors.ts'

const sections = page.split(/^## /m).slice(1)

test('docs/errors.md has one section for each error of the table, in its order, and none besides', () => {
  expect(sections.map((section) => section.split('\n')[0])).toEqual(Object.keys(ERRORS).map((code) => `\`${code}\``))
})

test.each(Object.entries(ERRORS))(
  'docs/errors.md says of %s what the table says, and more',
  (code, { status, retry, text }) => {
    const [, , facts, , explanation] =
      sections.find((section) => section.startsWith(`\`${code}\`\n`))?.split('\n') ?? []
    expect(facts).toBe(`${status} · repeat: ${retry ? 'yes' : 'no'} · ${text}`)
    expect(explanation).toMatch(/\S/)
  },
)
