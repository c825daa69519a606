import { createServer } from 'node:net'

/**
 * A port of loopback that nobody listens on: the wanted one if it is free, else any.
 * @param {number} [wanted]
 * @returns {Promise<number>}
 */
export async function freePort(wanted = 0) {
  const got = await tryPort(wanted, '127.0.0.1')
  if (got !== undefined) return got
  return (await tryPort(0, '127.0.0.1')) ?? 0
}

/**
 * Whether a service could listen on a port; somebody on ::1 counts too, since browsers try it first for "localhost".
 * @param {number} port
 */
export async function isPortFree(port) {
  return (await tryPort(port, '127.0.0.1')) !== undefined && (await tryPort(port, '::1')) !== undefined
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<number | undefined>} the port listened on; a system without the address counts as free
 */
function tryPort(port, host) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT' ? port : undefined)
    })
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}
