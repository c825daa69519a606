/** Plain Socket.IO that stores each message with `prisma.message.create` before it relays and acknowledges it. */
import { createServer } from 'node:http'
import { PrismaPg } from '@prisma/adapter-pg'
import { Server } from 'socket.io'
import { PrismaClient } from '../src/generated/client.ts'

const [port = '0', databaseUrl = ''] = process.argv.slice(2)
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl, max: 10 }) })
const http = createServer((_request, response) => response.end('ok'))
const io = new Server(http, { serveClient: false })

io.on('connection', (socket) => {
  const { role, visitorId } = socket.handshake.query
  void socket.join(role === 'agent' ? 'support' : `visitor:${String(visitorId)}`)
  socket.on('send_message', async ({ message }: { message: string }, acknowledge: (reply: unknown) => void) => {
    const row = await prisma.message.create({ data: { visitorId: String(visitorId), text: message } })
    const stored = { id: String(row.id), timestamp: row.createdAt.getTime() }
    io.to('support').emit('message', { visitorId, message, ...stored })
    acknowledge({ success: true, ...stored })
  })
})
http.listen(Number(port), '127.0.0.1')
