/** Plain Fastify: a hello, the send route without a store, and a poll by one indexed SELECT. */
import Fastify from 'fastify'
import pg from 'pg'

const [port = '0', databaseUrl] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
const app = Fastify()
const text = { type: 'string', minLength: 1 }

app.get('/hello', async () => ({ success: true, hello: 'world' }))

const body = {
  type: 'object',
  required: ['apiKey', 'visitorId', 'message'],
  properties: { apiKey: text, visitorId: text, visitorName: { type: 'string' }, message: text },
}
app.post<{ Body: { apiKey: string; message: string } }>('/send', { schema: { body } }, async (request, reply) => {
  const { apiKey, message } = request.body
  if (apiKey !== 'dosti_pub_baseline') return reply.code(401).send({ success: false })
  const [id, timestamp] = [crypto.randomUUID(), Date.now()]
  return { success: true, id, timestamp, message: { id, sender: 'visitor', senderName: 'You', message, timestamp } }
})

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
