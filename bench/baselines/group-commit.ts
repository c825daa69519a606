/** Group commit and nothing else: what waits goes into one INSERT as soon as a connection is free. No order, no repeats, no heads. */
import pg from 'pg'

/** Where a message was stored, and when, in milliseconds since 1970. */
export interface Stored {
  id: string
  timestamp: number
}

interface Waiting {
  visitorId: string
  text: string
  resolve: (stored: Stored) => void
  reject: (error: unknown) => void
}

const BATCH_MAX = 100
const insert = {
  name: 'insert_messages',
  text: 'INSERT INTO message (visitor_id, text) SELECT unnest($1::text[]), unnest($2::text[]) RETURNING id, created_at',
}

/** Stores messages over so many connections, each with one statement at a time. */
export function groupCommit(databaseUrl: string | undefined, connections: number) {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: connections })
  let waiting: Waiting[] = []
  let free = connections
  let isAsked = false
  const write = async (): Promise<void> => {
    free -= 1
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_MAX)
      waiting = waiting.slice(BATCH_MAX)
      try {
        const values = [batch.map(({ visitorId }) => visitorId), batch.map(({ text }) => text)]
        const { rows } = await pool.query<{ id: string; created_at: Date }>({ ...insert, values })
        rows.forEach(({ id, created_at: at }, index) => batch[index]?.resolve({ id, timestamp: at.getTime() }))
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    free += 1
  }
  const start = (): void => {
    isAsked = false
    while (free > 0 && waiting.length > 0) void write()
  }
  return (visitorId: string, text: string): Promise<Stored> =>
    new Promise((resolve, reject) => {
      waiting.push({ visitorId, text, resolve, reject })
      if (isAsked || free === 0) return
      isAsked = true
      setImmediate(start)
    })
}
