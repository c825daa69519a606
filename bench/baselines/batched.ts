/** Plain Socket.IO that stores messages in shared INSERTs, or in our store, before it relays and acknowledges them. */
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { groupCommit } from './group-commit.ts'
import { ourStore } from './our-store.ts'

const [port = '0', databaseUrl = '', whose] = process.argv.slice(2)
const store = whose === 'ours' ? await ourStore(databaseUrl) : groupCommit(databaseUrl, 2)
const http = createServer((_request, response) => response.end('ok'))
const io = new Server(http, { serveClient: false })

io.on('connection', (socket) => {
  const { role, visitorId } = socket.handshake.query
  void socket.join(role === 'agent' ? 'support' : `visitor:${String(visitorId)}`)
  socket.on('send_message', async ({ message }: { message: string }, acknowledge: (reply: unknown) => void) => {
    const stored = await store(String(visitorId), message)
    io.to('support').emit('message', { visitorId, message, ...stored })
    acknowledge({ success: true, ...stored })
  })
})
http.listen(Number(port), '127.0.0.1')
