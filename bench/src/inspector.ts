/** Speaks with a running Node through its own inspector: profiles of a window, and the memory that is left after collecting. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { SpawnedProcess } from '@dosti/testkit/processes'

/** Started with this flag, a server can be looked into; it costs nothing until somebody does. */
export const INSPECTABLE = '--inspect=127.0.0.1:0'

export interface Inspector {
  /** One command of the DevTools protocol and its answer. */
  ask(method: string, parameters?: Record<string, unknown>): Promise<Record<string, unknown>>
  close(): void
}

/** Connects to a server that was started with `INSPECTABLE`. */
export async function inspect(node: SpawnedProcess): Promise<Inspector> {
  const address = /Debugger listening on (ws:\/\/\S+)/.exec(node.output())?.[1]
  if (address === undefined) throw new Error('The server was not started with --inspect.')
  const socket = new WebSocket(address, { perMessageDeflate: false })
  await once(socket, 'open')
  const waiting = new Map<number, (result: Record<string, unknown>) => void>()
  socket.on('message', (data: Buffer) => {
    const { id, result } = JSON.parse(data.toString()) as { id?: number; result?: Record<string, unknown> }
    if (id !== undefined) waiting.get(id)?.(result ?? {})
  })
  let last = 0
  return {
    ask(method, params = {}) {
      last += 1
      const id = last
      socket.send(JSON.stringify({ id, method, params }))
      return new Promise((resolve) => waiting.set(id, resolve))
    },
    close: () => socket.close(),
  }
}

/** Bytes of heap in use after a full collection. */
export async function heapAfterCollecting(inspector: Inspector): Promise<number> {
  await inspector.ask('HeapProfiler.enable')
  for (let round = 0; round < 2; round += 1) await inspector.ask('HeapProfiler.collectGarbage')
  return Number((await inspector.ask('Runtime.getHeapUsage'))['usedSize'])
}
