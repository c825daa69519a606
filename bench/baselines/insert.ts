/**
 * Plain Socket.IO that stores each message with one prepared INSERT before it relays and acknowledges it. With a Redis address: over
 * its adapter.
 */
import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import pg from 'pg'
import { Server } from 'socket.io'

const [port = '0', databaseUrl, redisUrl] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
const http = createServer((_request, response) => response.end('ok'))
const io = new Server(http, { serveClient: false })
if (redisUrl) io.adapter(createAdapter(new Redis(redisUrl), new Redis(redisUrl)))
const insert = {
  name: 'insert_message',
  text: 'INSERT INTO message (visitor_id, text) VALUES ($1, $2) RETURNING id, created_at',
}

io.on('connection', (socket) => {
  const { role, visitorId } = socket.handshake.query
  void socket.join(role === 'agent' ? 'support' : `visitor:${String(visitorId)}`)
  socket.on('send_message', async ({ message }: { message: string }, acknowledge: (reply: unknown) => void) => {
    const { rows } = await pool.query<{ id: string; created_at: Date }>({ ...insert, values: [visitorId, message] })
    const stored = { id: rows[0]?.id, timestamp: rows[0]?.created_at.getTime() }
    io.to('support').emit('message', { visitorId, message, ...stored })
    acknowledge({ success: true, ...stored })
  })
})
http.listen(Number(port), '127.0.0.1')
