/**
 * The one place where `upgrade` is handed out. Registered the plain way, the WebSocket plugin answers every upgrade, Socket.IO's
 * too, with a 404 on the same socket: WebSocket-only clients then never connect and the others silently stay on polling.
 */
import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { DostiError } from '@dosti/contracts'
import { refuse, type Admission } from './admission.ts'

/** What the raw WebSocket plugin listens to instead of the server. */
export const createRawUpgrades = (): EventEmitter => new EventEmitter()

/** Sends `/socket.io/` to Socket.IO, which listens on the server itself, and everything else to the plugin, if there is room. */
export function dispatchUpgrades(server: Server, rawUpgrades: EventEmitter, admission: Admission): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.startsWith('/socket.io/')) return
    // RFC 6455, 4.1. An OPTIONS would be answered by CORS, and its line forgotten.
    const refusal = request.method === 'GET' ? admission.refusal(request) : new DostiError('request.method')
    if (refusal === undefined) rawUpgrades.emit('upgrade', request, socket, head)
    else refuse(request, refusal)
  })
}
