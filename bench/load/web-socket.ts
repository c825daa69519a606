/**
 * A client's end of a WebSocket by hand, text alone (RFC 6455): no more than the load needs, since on two cores whatever the
 * generator takes is taken from those it measures.
 */
import { randomBytes } from 'node:crypto'
import { createConnection } from 'node:net'

/** What an open line reports. `closed` comes once, last, with the reason if it was not opened or broke. */
export interface WebSocketHandlers {
  text(text: string): void
  closed(error?: Error): void
}

export interface WebSocketLine {
  send(text: string): void
  /** Says goodbye, and ends once the server has answered. */
  close(): void
  /** Ends at once. */
  destroy(): void
}

const TEXT = 0x1
const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa
const NOTHING = Buffer.alloc(0)

/** Opens a line to an `http:` address with its path and query. */
export function openWebSocket(address: URL, handlers: WebSocketHandlers): WebSocketLine {
  const socket = createConnection({ host: address.hostname, port: Number(address.port), noDelay: true })
  // One for all frames: it is there against caches between the two, and there are none.
  const mask = randomBytes(4)
  let isOpen = false
  let failure: Error | undefined
  let rest: Buffer = NOTHING

  const write = (opcode: number, payload: Buffer): void => {
    if (socket.writable) socket.write(maskedFrame(opcode, payload, mask))
  }
  const fail = (message: string): void => {
    failure ??= new Error(message)
    socket.destroy()
  }
  /** Takes the answer to the upgrade from the front of what came; false while it is not whole. */
  const opened = (): boolean => {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return false
    const [status = ''] = rest.toString('latin1', 0, end).split('\r\n')
    if (!status.includes(' 101 ')) {
      fail(`no WebSocket: ${status}`)
      return false
    }
    rest = rest.subarray(end + 4)
    isOpen = true
    return true
  }
  const take = (opcode: number, payload: Buffer): void => {
    if (opcode === TEXT) handlers.text(payload.toString('utf8'))
    else if (opcode === PING) write(PONG, payload)
    else if (opcode === CLOSE) {
      write(CLOSE, payload)
      socket.end()
    } else if (opcode !== PONG) fail(`an unexpected frame: ${opcode}`)
  }

  socket.on('connect', () => {
    const key = randomBytes(16).toString('base64')
    socket.write(
      `GET ${address.pathname}${address.search} HTTP/1.1\r\nHost: ${address.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    )
  })
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    if (!isOpen && !opened()) return
    let start = 0
    for (let frame = readFrame(rest, start); frame !== undefined && !socket.destroyed; frame = readFrame(rest, start)) {
      start = frame.end
      take(frame.opcode, frame.payload)
    }
    rest = start === rest.length ? NOTHING : rest.subarray(start)
  })
  socket.on('error', (error) => (failure ??= error))
  socket.on('close', () => handlers.closed(failure))
  return {
    send: (text) => write(TEXT, Buffer.from(text)),
    close: () => write(CLOSE, NOTHING),
    destroy: () => socket.destroy(),
  }
}

/** A whole frame as clients send it: masked. */
function maskedFrame(opcode: number, payload: Buffer, mask: Buffer): Buffer {
  const { length } = payload
  if (length > 0xffff) throw new Error(`${length} bytes are more than the generator ever says at once`)
  const head = length < 126 ? 2 : 4
  const frame = Buffer.allocUnsafe(head + 4 + length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (length < 126 ? length : 126)
  if (length >= 126) frame.writeUInt16BE(length, 2)
  mask.copy(frame, head)
  for (let index = 0; index < length; index += 1)
    frame[head + 4 + index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0)
  return frame
}

interface Frame {
  opcode: number
  payload: Buffer
  /** Where the next one begins. */
  end: number
}

/** The frame that begins there, as servers send them: whole and bare. Undefined while more is to come. */
function readFrame(bytes: Buffer, start: number): Frame | undefined {
  const [first, second] = [bytes[start], bytes[start + 1]]
  if (first === undefined || second === undefined) return undefined
  const head = second < 126 ? 2 : second === 126 ? 4 : 10
  if (bytes.length < start + head) return undefined
  const length =
    head === 2 ? second : head === 4 ? bytes.readUInt16BE(start + 2) : Number(bytes.readBigUInt64BE(start + 2))
  const end = start + head + length
  if (bytes.length < end) return undefined
  return { opcode: first & 0x0f, payload: bytes.subarray(start + head, end), end }
}
