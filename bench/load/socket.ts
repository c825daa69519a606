/** A Socket.IO connection spoken by hand: a stock client would cost the generator more than the server spends. */
import { openWebSocket } from './web-socket.ts'

/** What a connection shows in its handshake. */
export interface Handshake {
  query?: Record<string, string>
  auth?: Record<string, unknown>
}

/** A joined connection. */
export interface Line {
  /** Emits an event with one argument; `acknowledged` gets the raw text of the reply. */
  request(name: string, data: string, acknowledged: (reply: string) => void): void
  /** Emits an event with one argument that nobody acknowledges. */
  emit(name: string, data: string): void
  close(): void
}

export interface Hears {
  /** Every event packet as text, e.g. `["receive_message",{…}]`. */
  event?: (packet: string) => void
  /** A joined connection is gone, for whatever reason. */
  gone?: () => void
}

/** As long as a stock client waits for its connection, in milliseconds. */
const CONNECT_TIMEOUT_MS = 20_000

/** Connects by WebSocket alone and resolves once the server let it into its namespace; rejects with the refusal. */
export function connect(server: string, { query = {}, auth }: Handshake, { event, gone }: Hears = {}): Promise<Line> {
  const parameters = new URLSearchParams({ EIO: '4', transport: 'websocket', ...query })
  const waiting = new Map<number, (reply: string) => void>()
  let last = 0
  let joined = false
  return new Promise((resolve, reject) => {
    const hear = (text: string): void => {
      if (text.startsWith('43')) {
        const start = text.indexOf('[')
        const number = Number(text.slice(2, start))
        const acknowledged = waiting.get(number)
        waiting.delete(number)
        acknowledged?.(text.slice(start))
      } else if (text.startsWith('42')) event?.(text.slice(2))
      else if (text === '2') socket.send('3')
      else if (text.startsWith('0')) socket.send(auth === undefined ? '40' : `40${JSON.stringify(auth)}`)
      else if (text.startsWith('40')) {
        joined = true
        clearTimeout(timer)
        resolve(line)
      } else if (text.startsWith('44')) {
        reject(new Error(`refused: ${text}`))
        // As a stock client does: the line itself is of no use then.
        socket.close()
      }
    }
    const socket = openWebSocket(new URL(`/socket.io/?${parameters.toString()}`, server), {
      text: hear,
      closed(error) {
        clearTimeout(timer)
        if (joined) gone?.()
        else reject(error ?? new Error('closed before it was joined'))
      },
    })
    const timer = setTimeout(() => socket.destroy(), CONNECT_TIMEOUT_MS)
    const line: Line = {
      request(name, data, acknowledged) {
        last += 1
        waiting.set(last, acknowledged)
        socket.send(`42${last}["${name}",${data}]`)
      },
      emit: (name, data) => socket.send(`42["${name}",${data}]`),
      close: () => socket.close(),
    }
  })
}
