/** T29: many writers into one thread, one poller by `lastTimestamp`. Whatever it misses or is told twice, the cursor is to blame. */
import { setTimeout as wait } from 'node:timers/promises'
import { askHttp, dialRaw, restLine, type Line, QUIET } from './lines.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

export interface CursorOutcome {
  acked: number
  /** Distinct messages that the poller was told. */
  polled: number
  missed: string[]
  doubled: string[]
  /** Told after a message with a higher timestamp. */
  outOfOrder: string[]
  polls: number
  tookMs: number
}

export interface CursorOptions {
  writers: number
  messages: number
  /** Messages that each writer has in flight at once. */
  inFlight: number
  pollEveryMs: number
}

const VISITOR = 'everybody-at-once'

/** Writes and polls until all is written and a poll brings nothing new. The writers sit on both gateways and on the api. */
export async function testCursor(world: World, random: Random, options: CursorOptions): Promise<CursorOutcome> {
  const [workspace] = world.workspaces
  const api = `http://127.0.0.1:${world.api.edge.port}`
  const startedAt = Date.now()
  const acked = new Set<string>()
  const told = new Map<string, number>()
  const outcome: CursorOutcome = { acked: 0, polled: 0, missed: [], doubled: [], outOfOrder: [], polls: 0, tookMs: 0 }
  let writing = true

  const poll = async (): Promise<void> => {
    let cursor = 0
    for (let more = true; more || writing;) {
      const written = !writing
      const query = new URLSearchParams({
        apiKey: workspace.publicKey,
        visitorId: VISITOR,
        lastTimestamp: String(cursor),
      })
      const body = await answered(async () => (await askHttp(`${api}/api/chat/poll?${query}`, undefined, QUIET)).body)
      const messages = body['messages'] as { id: string; timestamp: number }[]
      outcome.polls += 1
      for (const { id, timestamp } of messages) {
        if (told.has(id)) outcome.doubled.push(id)
        if (timestamp <= cursor) outcome.outOfOrder.push(id)
        told.set(id, timestamp)
        cursor = timestamp
      }
      more = messages.length > 0 || !written
      if (messages.length < 500) await wait(options.pollEveryMs)
    }
  }

  const lines = await Promise.all(
    Array.from({ length: options.writers }, async (_, index): Promise<Line> => {
      const node = [...world.gateways, undefined][index % 3]
      const who = { visitorId: VISITOR }
      if (node === undefined) return restLine(api, { apiKey: workspace.publicKey, ...who }, QUIET)
      return dialRaw({ key: workspace.publicKey, ...who })(`http://127.0.0.1:${node.edge.port}`, QUIET)
    }),
  )
  let next = 0
  const write = async (line: Line): Promise<void> => {
    for (let number = next; number < options.messages; number = next) {
      next += 1
      const said = { text: `message ${number}`, clientMessageId: `cursor-${number}` }
      const reply = await answered(() => line.ask('message.send', said))
      acked.add(idIn(reply))
      if (random.chance(0.01)) await wait(random.between(0, 20))
    }
  }
  const polling = poll()
  await Promise.all(lines.flatMap((line) => Array.from({ length: options.inFlight }, () => write(line))))
  writing = false
  await polling
  for (const line of lines) line.close()
  outcome.acked = acked.size
  outcome.polled = told.size
  outcome.missed = [...acked].filter((id) => !told.has(id))
  outcome.tookMs = Date.now() - startedAt
  return outcome
}

/** Asks again until there is an answer: a refusal under load moves no cursor and the same id is the same message. */
async function answered(ask: () => Promise<Record<string, unknown>>): Promise<Record<string, unknown>> {
  for (let left = 20; ; left -= 1) {
    const reply: Record<string, unknown> = await ask().catch((error: unknown) => ({ failed: String(error) }))
    if (reply['success'] === true || reply['ok'] === true) return reply
    if (left === 0) throw new Error(JSON.stringify(reply))
    await wait(250)
  }
}

function idIn(reply: Record<string, unknown>): string {
  return (reply['data'] as { event: { id: string } }).event.id
}
