import { createServer } from 'node:net'

/** Systems take ports for outgoing connections from 32768 on; one of those could be gone again before we listen. */
const LOWEST = 12_000
const HIGHEST = 32_000
const TRIES = 200

/**
 * A port of loopback that nobody listens on: the wanted one if it is free, else any.
 * @param {number} [wanted]
 * @returns {Promise<number>}
 */
export async function freePort(wanted) {
  if (wanted !== undefined && wanted !== 0 && (await tryPort(wanted, '127.0.0.1')) !== undefined) return wanted
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if ((await tryPort(port, '127.0.0.1')) !== undefined) return port
  }
  throw new Error('No port of loopback is free.')
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
