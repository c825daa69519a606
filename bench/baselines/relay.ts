/** Plain Socket.IO: relays a message to the support room and acknowledges it. Stores nothing. With a Redis address: over its adapter. */
import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'

const [port = '0', redisUrl] = process.argv.slice(2)
const http = createServer((_request, response) => response.end('ok'))
const io = new Server(http, { serveClient: false })
if (redisUrl) io.adapter(createAdapter(new Redis(redisUrl), new Redis(redisUrl)))

io.on('connection', (socket) => {
  const { role, visitorId } = socket.handshake.query
  void socket.join(role === 'agent' ? 'support' : `visitor:${String(visitorId)}`)
  socket.on('send_message', ({ message }: { message: string }, acknowledge: (reply: unknown) => void) => {
    const timestamp = Date.now()
    io.to('support').emit('message', { visitorId, message, timestamp })
    acknowledge({ success: true, timestamp })
  })
})
http.listen(Number(port), '127.0.0.1')
