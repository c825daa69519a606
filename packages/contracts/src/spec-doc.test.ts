import { expect, test } from 'vitest'
import { z } from 'zod'
import page from '../../../docs/protocol/SPEC.md?raw'
import { EVENTS } from './events.ts'
import { OPERATIONS } from './operations.ts'

/** The rows of the table between two markers, cell by cell. */
function rowsOf(marker: string): string[][] {
  const [, table = ''] = page.split(new RegExp(`<!-- /?${marker} -->\n`))
  const [, , ...rows] = table.trim().split('\n')
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const code = (text: string) => `\`${text}\``

/** The fields of an object as the page writes them: those that may be missing with a question mark. */
function fieldsOf(schema: z.ZodType, io: 'input' | 'output'): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  const fields = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`))
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

/** What the page writes in braces, without what it adds about nested fields. */
const outerFields = (cell: string) =>
  cell
    .split('`')[1]
    ?.replaceAll(/: (\[\{[^}]*\}\]|\{[^}]*\})/g, '')
    .trim()

test('SPEC.md lists every operation with who may ask, where, what, its refusals and its limit', () => {
  const written = rowsOf('operations').map(([name, who, where, input, , errors, perMinute]) => ({
    name,
    who,
    where,
    input: outerFields(input ?? ''),
    errors,
    perMinute,
  }))
  const meant = Object.entries(OPERATIONS).map(([name, row]) => ({
    name: code(name),
    who: row.actors.join(', '),
    where: row.over === 'all' ? 'everywhere' : 'HTTP',
    input: fieldsOf(row.input, 'input'),
    errors: row.errors.map(code).join(', '),
    perMinute: String(row.perMinute),
  }))
  expect(written).toEqual(meant)
})

test('SPEC.md lists every event with its stream and its data', () => {
  const written = rowsOf('events').map(([name, stream, data]) => ({ name, stream, data: outerFields(data ?? '') }))
  const meant = Object.entries(EVENTS).map(([name, { stream, data }]) => ({
    name: code(name),
    stream,
    data: fieldsOf(data, 'output'),
  }))
  expect(written).toEqual(meant)
})
