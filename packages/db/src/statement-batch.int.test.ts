import { describe, expect, it } from 'vitest'
import { openTestDb } from '../testing/open-db.ts'
import { withConnection } from './client.ts'
import { call, runAll, type Statement } from './statement.ts'

const ECHO: Statement<[(string | null)[]], { texts: (string | null)[] }> = {
  name: 'echo_texts',
  text: 'SELECT $1::text[] AS texts',
}
const READ: Statement<[string[]], { text: string }> = {
  name: 'read_text',
  text: `SELECT ($1::jsonb[])[1] ->> 'text' AS text`,
}

/** What an array's own characters are, what JSON names, and what looks like a name. */
const PARTS = ['"', '\\', '\n', '\t', '\u0001', '\u007f', '\u2028', 'n', 'u0041', '{', '}', ',', ' ', 'NULL', 'é', '🙂']
const ALL = ['', ...PARTS.flatMap((a) => PARTS.flatMap((b) => PARTS.map((c) => a + b + c)))]

describe('parameters', () => {
  it('each text of three awkward parts arrives as it was, in an array of text and within one of JSON', async () => {
    const { db } = await openTestDb()
    // An array each: one that needs care would have all of its array taken with care.
    const echoed = await withConnection(db, (client) =>
      runAll(
        client,
        ALL.map((text) => call(ECHO, [[text, null]])),
      ),
    )
    expect(echoed.map(([row]) => row?.texts)).toEqual(ALL.map((text) => [text, null]))
    const read = await withConnection(db, (client) =>
      runAll(
        client,
        ALL.map((text) => call(READ, [[JSON.stringify({ text })]])),
      ),
    )
    expect(read.map(([row]) => row?.text)).toEqual(ALL)
  })
})
