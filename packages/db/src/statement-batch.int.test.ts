import { describe, expect, it } from 'vitest'
import { openTestDb } from '../testing/open-db.ts'
import { withConnection } from './client.ts'
import { run, type Statement } from './statement.ts'

const ECHO: Statement<[(string | null)[]], { texts: (string | null)[] }> = {
  name: 'echo_texts',
  text: 'SELECT $1::text[] AS texts',
}
const KEYS: Statement<[string[]], { place: number; text: string }> = {
  name: 'read_keys',
  text: `SELECT place::int, (document ->> 'text') AS text FROM unnest($1::jsonb[]) WITH ORDINALITY AS d (document, place)`,
}

/** What an array's own characters are, what JSON names, and what looks like a name. */
const PARTS = ['"', '\\', '\n', '\t', '\u0001', '\u007f', '\u2028', 'n', 'u0041', '{', '}', ',', ' ', 'NULL', 'é', '🙂']
const ALL = ['', ...PARTS.flatMap((a) => PARTS.flatMap((b) => PARTS.map((c) => a + b + c)))]

describe('parameters', () => {
  it('each text of three awkward parts arrives as it was, in an array of text and within one of JSON', async () => {
    const { db } = await openTestDb()
    const echoed = await withConnection(db, (client) => run(client, ECHO, [[...ALL, null]]))
    expect(echoed[0]?.texts).toEqual([...ALL, null])
    const documents = ALL.map((text) => JSON.stringify({ text }))
    const read = await withConnection(db, (client) => run(client, KEYS, [documents]))
    expect(read.map(({ text }) => text)).toEqual(ALL)
  })
})
