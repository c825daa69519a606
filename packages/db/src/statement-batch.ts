/**
 * Several prepared statements in one round trip, as an object that `pg` sends like any query of its own. `pg` itself ends every
 * statement with a Sync, and Postgres answers each Sync with a write of its own: for the small statements of a message that
 * was most of what it cost. Here one Sync ends all of them. Columns are described once a connection.
 * The messages: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
import pg from 'pg'
import type { Call, Value } from './statement.ts'

/** The part of `pg`'s connection that the extended protocol needs. */
interface Wire {
  stream: { cork(): void; uncork(): void }
  parse(message: { name: string; text: string }): void
  bind(message: { statement: string; values: (string | null)[] }): void
  describe(message: { type: 'P'; name: string }): void
  execute(message: object): void
  close(message: { type: 'S'; name: string }): void
  sync(): void
}

type DataType = (typeof pg.types.builtins)[keyof typeof pg.types.builtins]

interface Column {
  name: string
  dataTypeID: DataType
}

/** How a statement's rows are read. */
type Shape = readonly { name: string; parse: (text: string) => unknown }[]

/** The statements that Postgres holds prepared, by connection; a shape once the first answer has described it. */
const prepared = new WeakMap<Wire, Map<string, Shape | undefined>>()

// Times and log numbers stay far below 2^53.
const parserOf = (type: DataType): ((text: string) => unknown) =>
  type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type)

/** What `pg` calls while a query of ours is the one that is answered. */
interface Submittable {
  submit(wire: unknown): null
  /** `pg` wraps it to take back its own time-out. */
  callback: (error: unknown) => void
  handleRowDescription(message: { fields: Column[] }): void
  handleDataRow(message: { fields: (string | null)[] }): void
  handleCommandComplete(message: { text: string }): void
  handleReadyForQuery(): void
  handleError(error: unknown): void
}

/** The calls as one query; `resolve` gets the rows of each. */
export function createBatch(
  calls: readonly Call<unknown>[],
  resolve: (results: unknown[][]) => void,
  reject: (error: unknown) => void,
): Submittable {
  const results: unknown[][] = calls.map(() => [])
  let known = new Map<string, Shape | undefined>()
  let answered = 0
  let shape: Shape | undefined
  let failure: unknown
  const name = (): string => calls[answered]?.statement.name ?? ''

  const batch: Submittable = {
    submit(connection) {
      const wire = connection as Wire
      known = prepared.get(wire) ?? known
      prepared.set(wire, known)
      const texts = calls.map(({ values }) => values.map(toText))
      wire.stream.cork()
      calls.forEach(({ statement }, index) => {
        if (!known.has(statement.name)) {
          // One of that name may be left from a batch that failed after it was parsed.
          wire.close({ type: 'S', name: statement.name })
          wire.parse(statement)
          known.set(statement.name, undefined)
        }
        wire.bind({ statement: statement.name, values: texts[index] ?? [] })
        if (known.get(statement.name) === undefined) wire.describe({ type: 'P', name: '' })
        wire.execute({})
      })
      wire.sync()
      wire.stream.uncork()
      return null
    },
    callback: (error) => (error === null ? resolve(results) : reject(error)),
    handleRowDescription({ fields }) {
      shape = fields.map(({ name: column, dataTypeID }) => ({ name: column, parse: parserOf(dataTypeID) }))
      known.set(name(), shape)
    },
    handleDataRow({ fields }) {
      shape ??= known.get(name())
      if (shape !== undefined) results[answered]?.push(toRow(shape, fields))
    },
    handleCommandComplete({ text }) {
      // As Postgres says of a transaction that had failed before.
      if (name() === 'commit' && text !== 'COMMIT') failure ??= new Error(`the transaction ended with ${text}`)
      if (known.get(name()) === undefined) known.set(name(), [])
      answered += 1
      shape = undefined
    },
    handleReadyForQuery: () => batch.callback(failure ?? null),
    handleError(error) {
      // What was parsed before the failure and what was not is not worth telling apart.
      for (const { statement } of calls) known.delete(statement.name)
      // Answers that come after a time-out write into nothing.
      known = new Map()
      batch.callback(error)
    },
  }
  return batch
}

function toRow(shape: Shape, fields: readonly (string | null)[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (let index = 0; index < shape.length; index += 1) {
    const column = shape[index]
    const text = fields[index]
    if (column !== undefined) row[column.name] = text === null || text === undefined ? null : column.parse(text)
  }
  return row
}

/** A value in Postgres' text format. */
function toText(value: Value): string | null {
  if (value === null) return null
  return typeof value === 'object' ? toArray(value) : String(value)
}

/** What JSON escapes beside quotes and backslashes. A name that is part of a text is found too, which costs time alone. */
const NAMED = /\\[^"\\]/
const ESCAPE = /\\(?:u[\da-f]{4}|.)/g

/**
 * An array in Postgres' text format: JSON's in braces, in a tenth of the time that each element for itself takes. But to Postgres a
 * backslash says that the next character stands for itself, so what JSON names, as `\n`, is put there as it is.
 * https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
function toArray(values: Extract<Value, readonly unknown[]>): string {
  const json = JSON.stringify(values)
  return `{${(NAMED.test(json) ? json.replace(ESCAPE, unnamed) : json).slice(1, -1)}}`
}

function unnamed(escape: string): string {
  return escape === String.raw`\"` || escape === String.raw`\\` ? escape : (JSON.parse(`"${escape}"`) as string)
}
