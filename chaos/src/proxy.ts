/** A TCP proxy that misbehaves on request: late, slow, cut, reset on a byte, or silent. */
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export interface Weather {
  /** Each piece of data is late by this much, each way, in milliseconds. */
  latencyMs: number
  /** And by up to this much more, drawn for each piece; order is kept. */
  jitterMs: number
  /** Bytes a second each way; Infinity for no limit. */
  bandwidth: number
  /** Nothing passes, nothing ends: what a partition looks like. New connections are taken and stay mute. */
  frozen: boolean
  /** A connection is reset once this many bytes have passed from the server; undefined for never. */
  resetAfterBytes: (() => number) | undefined
}

/** Cuts a connection on a byte: once `after` was seen on its way to the server, the answer that holds `before` is swallowed. */
export interface Cut {
  after: string
  before: string
  /** Called once, when it was done. */
  done: () => void
}

export interface Proxy {
  port: number
  /** Where connections go from now on. */
  target: { host: string; port: number }
  weather: Weather
  cut: Cut | undefined
  /** Connections now. */
  count: () => number
  /** Ends every connection with a reset, as a crashed peer does. */
  reset: () => void
  close: () => Promise<void>
}

const CALM: Weather = { latencyMs: 0, jitterMs: 0, bandwidth: Infinity, frozen: false, resetAfterBytes: undefined }
const THAW_LOOK_MS = 20

/** A proxy on a free port of `host`, in fair weather; `random` draws the jitter. */
export async function startProxy(
  target: { host: string; port: number },
  { host = '127.0.0.1', random = Math.random }: { host?: string; random?: () => number } = {},
): Promise<Proxy> {
  const links = new Set<{ near: Socket; far: Socket }>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = createConnection({ ...proxy.target, allowHalfOpen: true, noDelay: true })
    const link = { near, far }
    links.add(link)
    const end = () => {
      links.delete(link)
      if (!resetting.has(near)) near.destroy()
      if (!resetting.has(far)) far.destroy()
    }
    near.on('error', () => reset(far)).on('close', end)
    far.on('error', () => reset(near)).on('close', end)
    const state: LinkState = { armed: false, left: proxy.weather.resetAfterBytes?.() }
    void carry(proxy, random, near, far, (data) => watchUp(proxy, state, data))
    void carry(proxy, random, far, near, (data) => watchDown(proxy, state, data, link))
  })
  const proxy: Proxy = {
    port: 0,
    target,
    weather: { ...CALM },
    cut: undefined,
    count: () => links.size,
    reset() {
      for (const link of links) resetLink(link)
    },
    async close() {
      for (const link of links) resetLink(link)
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      await promise
    },
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, host, resolve)
  await promise
  proxy.port = (server.address() as AddressInfo).port
  return proxy
}

/** Fair weather again; connections that lived through the rest go on. */
export function clearUp(proxy: Proxy): void {
  proxy.weather = { ...CALM }
  proxy.cut = undefined
}

interface LinkState {
  /** The words that a cut waits for were on their way to the server. */
  armed: boolean
  /** Bytes until the reset. */
  left: number | undefined
}

function resetLink({ near, far }: { near: Socket; far: Socket }): void {
  reset(near)
  reset(far)
}

/** Destroying a socket that is being reset would leave it open for ever, so each is reset at most once and then left alone. */
const resetting = new WeakSet<Socket>()

function reset(socket: Socket): void {
  if (socket.destroyed || resetting.has(socket)) return
  if (socket.connecting || socket.writableEnded) {
    socket.destroy()
    return
  }
  resetting.add(socket)
  socket.resetAndDestroy()
}

/** One direction. Reads the next piece only when the last is through, so that a slow reader is felt by the writer. */
async function carry(
  proxy: Proxy,
  random: () => number,
  from: Socket,
  to: Socket,
  watch: (data: Buffer) => boolean,
): Promise<void> {
  try {
    // Ending one direction must not end the other.
    for await (const piece of from.iterator({ destroyOnReturn: false })) {
      const data = piece as Buffer
      const { latencyMs, jitterMs, bandwidth } = proxy.weather
      const lateMs = latencyMs + jitterMs * random() + (data.length / bandwidth) * 1000
      if (lateMs > 0) await wait(lateMs)
      while (proxy.weather.frozen && !from.destroyed) await wait(THAW_LOOK_MS)
      if (!watch(data)) return
      if (to.destroyed) return
      if (!to.write(data)) await drained(to)
    }
    while (proxy.weather.frozen && !from.destroyed) await wait(THAW_LOOK_MS)
    to.end()
  } catch {
    // The socket's own listeners reset the other side.
  }
}

async function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.once('drain', resolve).once('close', resolve)
  await promise
  socket.off('drain', resolve).off('close', resolve)
}

function watchUp(proxy: Proxy, state: LinkState, data: Buffer): boolean {
  if (proxy.cut !== undefined && data.includes(proxy.cut.after)) state.armed = true
  return true
}

function watchDown(proxy: Proxy, state: LinkState, data: Buffer, link: { near: Socket; far: Socket }): boolean {
  const { cut } = proxy
  if (cut !== undefined && state.armed && data.includes(cut.before)) {
    proxy.cut = undefined
    resetLink(link)
    cut.done()
    return false
  }
  // In fair weather nobody is reset any more, also not who was to be.
  state.left = proxy.weather.resetAfterBytes === undefined ? undefined : (state.left ?? proxy.weather.resetAfterBytes())
  if (state.left === undefined) return true
  if (data.length < state.left) {
    state.left -= data.length
    return true
  }
  link.near.write(data.subarray(0, state.left))
  // The bytes before the cut still leave; a reset at once would throw them away.
  setImmediate(() => resetLink(link))
  return false
}
