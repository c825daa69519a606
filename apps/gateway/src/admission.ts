/**
 * What a flood of connections may cost: each address holds so many, the node so many in all, and of those the last are not for
 * visitors. Who is beyond is refused before the upgrade, in plain HTTP, as is everybody once the node is leaving: that costs least, a
 * stock client tries again, and a proxy can ask another node at once.
 */
import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import { DostiError, toWireError, type Actor } from '@dosti/contracts'
import { networkOf, refusalText } from '@dosti/runtime'

export interface Admission {
  /** Why nobody more may come from there; undefined if they may. */
  refusal(request: IncomingMessage): DostiError | undefined
  /** A connection counts from now on, until the returned function is called. */
  enter(request: IncomingMessage): () => void
  /** Throws `service.unavailable` for a visitor when the room that is left is for agents. */
  admit(actor: Actor): void
}

export interface AdmissionOptions {
  perAddress: number
  inAll: number
  /** Whose word about the address of others is believed. */
  trustedProxies: string[]
  /** Why nobody at all may come: the node is leaving. */
  leaving: () => DostiError | undefined
}

/** The share of a node that only agents may take. */
const FOR_AGENTS = 0.05
const AGAIN_MS = 10_000

export function createAdmission({ perAddress, inAll, trustedProxies, leaving }: AdmissionOptions): Admission {
  const trusted = proxyAddr.compile(trustedProxies)
  const addressOf = (request: IncomingMessage): string =>
    networkOf(trustedProxies.length > 0 ? proxyAddr(request, trusted) : (request.socket.remoteAddress ?? ''))
  const held = new Map<string, number>()
  let count = 0
  return {
    refusal(request) {
      const isLeaving = leaving()
      if (isLeaving !== undefined) return isLeaving
      if (count >= inAll) return full()
      if ((held.get(addressOf(request)) ?? 0) < perAddress) return undefined
      return new DostiError('rate.limited', {
        message: `There are ${perAddress} connections from this address already.`,
        retryAfterMs: AGAIN_MS,
      })
    },
    enter(request) {
      const address = addressOf(request)
      held.set(address, (held.get(address) ?? 0) + 1)
      count += 1
      let isHere = true
      return () => {
        if (!isHere) return
        isHere = false
        count -= 1
        const left = (held.get(address) ?? 1) - 1
        if (left === 0) held.delete(address)
        else held.set(address, left)
      }
    },
    admit(actor) {
      if (actor.kind !== 'agent' && count > inAll * (1 - FOR_AGENTS)) throw full()
    },
  }
}

function full(): DostiError {
  return new DostiError('service.unavailable', {
    message: 'This server holds as many connections as it can. Try again in a moment.',
    retryAfterMs: AGAIN_MS,
  })
}

/** Answers an upgrade, or the first request of a polling client, with a refusal, and hangs up. */
export function refuse(request: IncomingMessage, error: DostiError): void {
  const { socket } = request
  // Node has taken its hands off an upgraded socket: nobody else hears its errors, or hangs up on a client that does not.
  socket.on('error', () => {})
  socket.once('finish', () => socket.destroy())
  socket.end(refusalText(toWireError(error)))
}
