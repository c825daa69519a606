/** Plain Fastify: a hello, the send route without a store and with each of several, and a poll by one indexed SELECT. */
import Fastify from 'fastify'
import pg from 'pg'
import { groupCommit, type Stored } from './group-commit.ts'
import { ourStore } from './our-store.ts'

const [port = '0', databaseUrl, ourDatabaseUrl = ''] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
const app = Fastify()
const text = { type: 'string', minLength: 1 }

app.get('/hello', async () => ({ success: true, hello: 'world' }))

const body = {
  type: 'object',
  required: ['apiKey', 'visitorId', 'message'],
  properties: { apiKey: text, visitorId: text, visitorName: { type: 'string' }, message: text },
}
interface Send {
  Body: { apiKey: string; visitorId: string; message: string }
}
const answer = (id: string, timestamp: number, message: string) => ({
  success: true,
  id,
  timestamp,
  message: { id, sender: 'visitor', senderName: 'You', message, timestamp },
})
app.post<Send>('/send', { schema: { body } }, async (request, reply) => {
  const { apiKey, message } = request.body
  if (apiKey !== 'dosti_pub_baseline') return reply.code(401).send({ success: false })
  return answer(crypto.randomUUID(), Date.now(), message)
})

/** The same route with a store behind it. */
const sendStored = (path: string, store: (visitorId: string, text: string) => Promise<Stored>): void => {
  app.post<Send>(path, { schema: { body } }, async (request, reply) => {
    const { apiKey, visitorId, message } = request.body
    if (apiKey !== 'dosti_pub_baseline') return reply.code(401).send({ success: false })
    const { id, timestamp } = await store(visitorId, message)
    return answer(id, timestamp, message)
  })
}

const insert = {
  name: 'insert_message',
  text: 'INSERT INTO message (visitor_id, text) VALUES ($1, $2) RETURNING id, created_at',
}
sendStored('/send-stored', async (visitorId, message) => {
  const { rows } = await pool.query<{ id: string; created_at: Date }>({ ...insert, values: [visitorId, message] })
  const [stored] = rows
  if (stored === undefined) throw new Error('the INSERT returned nothing')
  return { id: stored.id, timestamp: stored.created_at.getTime() }
})

sendStored('/send-batched', groupCommit(databaseUrl, 2))

sendStored('/send-ours', await ourStore(ourDatabaseUrl))

interface Row {
  id: string
  text: string
  created_at: Date
}
const select = {
  name: 'select_messages',
  text: 'SELECT id, text, created_at FROM message WHERE visitor_id = $1 AND created_at > $2 ORDER BY created_at LIMIT 501',
}
app.get<{ Querystring: { visitorId: string; after: string } }>('/poll', async (request) => {
  const { visitorId, after } = request.query
  const { rows } = await pool.query<Row>({ ...select, values: [visitorId, new Date(Number(after))] })
  const messages = rows.map((row) => ({ id: row.id, sender: 'visitor', message: row.text, timestamp: row.created_at }))
  return { success: true, messages, hasMore: rows.length > 500 }
})

await app.listen({ host: '127.0.0.1', port: Number(port) })
