import { expect, test } from 'vitest'
import { z } from 'zod'
// Missing, it would be written anew and the test would pass.
import committed from './contracts.snapshot.json?raw'
import { conversation } from './conversation.ts'
import { ERRORS } from './errors.ts'
import { EVENTS, storedEventShape, type EventName } from './events.ts'
import { hello, welcome } from './handshake.ts'
import * as names from './names.ts'
import { OPERATIONS, type OperationName } from './operations.ts'
import { publishedPoll, publishedSend } from './published.ts'

const shape = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return json
}
const mapped = <V, R>(table: Record<string, V>, map: (value: V) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [name, map(value)]))
const operation = ({ input, output, summary: _summary, ...row }: (typeof OPERATIONS)[OperationName]) => ({
  ...row,
  input: shape(input, 'input'),
  output: shape(output, 'output'),
})
const event = ({ stream, data }: (typeof EVENTS)[EventName]) => ({ stream, data: shape(data, 'output') })

test('the wire is the one that is committed; a change of it shows in review', async () => {
  const wire = {
    constants: { ...names },
    operations: mapped(OPERATIONS, operation),
    events: mapped(EVENTS, event),
    errors: mapped(ERRORS, ({ status, retry, blame }) => ({ status, retry, blame })),
    handshake: { hello: shape(hello, 'input'), welcome: shape(welcome, 'output') },
    published: { send: shape(publishedSend, 'input'), poll: shape(publishedPoll, 'input') },
    shapes: { storedEvent: shape(storedEventShape, 'output'), conversation: shape(conversation, 'output') },
  }
  expect(committed).not.toBe('')
  await expect(`${JSON.stringify(wire, undefined, 2)}\n`).toMatchFileSnapshot('contracts.snapshot.json')
})
