/** The Redis of last resort: in memory, in JavaScript, for trying Dosti out where no Redis is installed. Needs Node 22. */
import { Server } from 'node:net'
import { createRedisMock } from 'js-redis-server'

// It offers no choice of address and would listen on every one, without a password.
const listen = Object.getOwnPropertyDescriptor(Server.prototype, 'listen')?.value
Object.assign(Server.prototype, {
  /** @type {(this: Server, port: number) => Server} */
  listen(port) {
    return listen.call(this, { port, host: '127.0.0.1' })
  },
})

await createRedisMock({ port: Number(process.argv[2]), logger: console })

// Nothing is kept, so there is nothing to wait for.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => process.exit(0))
