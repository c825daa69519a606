/** T31: random sequences of what people do, against the product and against a model of one page; then random packets. */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import type { ThreadPage } from '@dosti/contracts'
import { WebSocket } from 'ws'
import type { Fault, Stage } from './fault.ts'
import {
  askHttp,
  askTicket,
  dialExtended,
  dialPublished,
  dialRaw,
  restLine,
  type Dial,
  type Line,
  QUIET,
} from './lines.ts'
import { rawFrame, socketIoPacket } from './packets.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

const ROADS = ['raw', 'extended', 'published', 'rest'] as const
type Road = (typeof ROADS)[number]
/** Roads that know the extended protocol. */
type Extended = 'raw' | 'extended'

type Side = 'visitor' | 'agent'

/** What a thread is: messages in their order. */
interface Model {
  said: { text: string; id: string; seq: number; clientMessageId: string; from: Side }[]
  /** How many of them the poller has seen. */
  polled: number
  /** The highest number that each side has said it had read. */
  marked: Record<Side, number>
}

/** Who says something has read all before it. */
const readBy = ({ said, marked }: Model, side: Side): number =>
  said.reduce((highest, { from, seq }) => (from === side ? Math.max(highest, seq) : highest), marked[side])

/** One visitor on all roads at once, an agent, a poller. */
interface Real {
  ask: (road: Road, operation: string, input: object) => ReturnType<Line['ask']>
  agent: Line
  poll: () => Promise<string[]>
  drop: (road: Road) => void
  visitorId: string
}

type Step = fc.AsyncCommand<Model, Real>

/** Says that the product and the model differ, with both. */
function same(what: string, real: unknown, model: unknown): void {
  const [seen, due] = [JSON.stringify(real), JSON.stringify(model)]
  if (seen !== due) throw new Error(`${what}: the product has ${seen}, the model ${due}`)
}

type Reply = Awaited<ReturnType<Line['ask']>>

function dataOf(reply: Reply): Record<string, unknown> {
  if (!reply.ok) throw new Error(`refused: ${reply.error.code}`)
  return reply.data
}
const eventOf = (reply: Reply) => dataOf(reply)['event'] as { id: string; seq: number }

const step = (
  name: string,
  run: (model: Model, real: Real) => Promise<void>,
  check: (model: Model) => boolean = () => true,
): Step => ({
  check,
  run,
  toString: () => name,
})
const known = (model: Model): boolean => model.said.length > 0

const send = (road: Road, text: string): Step =>
  step(`send over ${road}`, async (model, { ask }) => {
    const clientMessageId = `m${model.said.length}`
    const { id } = eventOf(await ask(road, 'message.send', { text, clientMessageId }))
    // The published roads tell no number; the same message once more, over one that does.
    const { seq } = eventOf(await ask('raw', 'message.send', { text, clientMessageId }))
    model.said.push({ text, id, seq, clientMessageId, from: 'visitor' })
  })
const repeat = (road: Road, nth: number): Step =>
  step(
    `repeat over ${road}`,
    async (model, { ask }) => {
      const mine = model.said.filter(({ from }) => from === 'visitor')
      const message = mine[nth % mine.length]
      if (message === undefined) return
      const { text, clientMessageId, id } = message
      same('a repeat', eventOf(await ask(road, 'message.send', { text, clientMessageId })).id, id)
      const other = await ask(road, 'message.send', { text: `${text}!`, clientMessageId })
      same('another text under the same id', other.ok ? 'ok' : other.error.code, 'message.conflict')
    },
    known,
  )
const answer = (text: string): Step =>
  step(
    'the agent answers',
    async (model, { agent, visitorId }) => {
      const clientMessageId = `a${model.said.length}`
      const { id, seq } = eventOf(await agent.ask('message.send', { visitorId, text, clientMessageId }))
      model.said.push({ text, id, seq, clientMessageId, from: 'agent' })
    },
    known,
  )
const close = (): Step =>
  step(
    'the agent closes',
    async (_model, { agent, visitorId }) =>
      same('closing', (await agent.ask('conversation.close', { visitorId })).ok, true),
    known,
  )
/** "Nothing new" may be a second old; what a poll does tell is in order, once, and all of it is told within this time. */
const POLL_LAG_MS = 1500

const poll = (): Step =>
  step('poll', async (model, real) => {
    const due = model.said.slice(model.polled).map(({ id }) => id)
    const told: string[] = []
    const end = Date.now() + POLL_LAG_MS
    do {
      told.push(...(await real.poll()))
      same('a poll', told, due.slice(0, told.length))
      if (told.length < due.length) await wait(50)
    } while (told.length < due.length && Date.now() < end)
    same('polls for a while', told, due)
    model.polled = model.said.length
  })

/** What a page says after the first so many messages, the last of which has this number. */
function samePage(page: unknown, model: Model, { messages, seq }: { messages: number; seq: number }): void {
  const { events, conversation } = page as ThreadPage
  same(
    'a thread',
    events.filter(({ name }) => name === 'message.sent').map(({ id }) => id),
    model.said.slice(messages).map(({ id }) => id),
  )
  const numbers = events.filter(({ stream }) => stream === 'public').map((event) => event.seq)
  same(
    'the numbers',
    numbers,
    numbers.map((_seq, index) => seq + index + 1),
  )
  same(
    'what was read',
    conversation && [conversation.readByVisitor, conversation.readByAgents],
    known(model) ? [readBy(model, 'visitor'), readBy(model, 'agent')] : null,
  )
}

const read = (road: Extended): Step =>
  step(`read over ${road}`, async (model, { ask, agent, visitorId }) => {
    const start = { messages: 0, seq: 0 }
    samePage(dataOf(await ask(road, 'conversation.sync', { after: 0 })), model, start)
    if (known(model)) samePage(dataOf(await agent.ask('conversation.sync', { visitorId, after: 0 })), model, start)
  })
const resume = (road: Extended, nth: number): Step =>
  step(
    `resume over ${road}`,
    async (model, { ask, agent, visitorId }) => {
      const messages = (nth % model.said.length) + 1
      const seq = model.said[messages - 1]?.seq ?? 0
      const replies = [
        await ask(road, 'conversation.resume', { threads: [{ seq }] }),
        await agent.ask('conversation.resume', { threads: [{ visitorId, seq, internalSeq: 0 }] }),
      ]
      for (const reply of replies) {
        const [thread] = dataOf(reply)['threads'] as { status: string; page: unknown }[]
        same('a resume', thread?.status, 'replayed')
        samePage(thread?.page, model, { messages, seq })
      }
    },
    known,
  )
const mark = (side: Side, road: Extended, nth: number): Step =>
  step(
    `the ${side} marks as read`,
    async (model, { ask, agent, visitorId }) => {
      const seq = model.said[nth % model.said.length]?.seq ?? 0
      model.marked[side] = Math.max(readBy(model, side), seq)
      const reply =
        side === 'agent'
          ? await agent.ask('conversation.read', { visitorId, seq })
          : await ask(road, 'conversation.read', { seq })
      same('a mark', dataOf(reply)['seq'], model.marked[side])
    },
    known,
  )
const drop = (road: Road): Step => step(`drop ${road}`, async (_model, real) => real.drop(road))

const steps = (): fc.Arbitrary<Step>[] => {
  const road = fc.constantFrom(...ROADS)
  const extended = fc.constantFrom<Extended[]>('raw', 'extended')
  const text = fc
    .string({ minLength: 1, maxLength: 60, unit: 'binary' })
    .filter((one) => one.trim() !== '' && !one.includes('\0') && one.isWellFormed())
  return [
    fc.tuple(road, text).map(([a, b]) => send(a, b)),
    fc.tuple(road, fc.nat(50)).map(([a, b]) => repeat(a, b)),
    text.map(answer),
    fc.constant(0).map(close),
    fc.constant(0).map(poll),
    extended.map(read),
    fc.tuple(extended, fc.nat(50)).map(([a, b]) => resume(a, b)),
    fc.tuple(fc.constantFrom<Side[]>('visitor', 'agent'), extended, fc.nat(50)).map(([a, b, c]) => mark(a, b, c)),
    road.map(drop),
  ]
}

async function bringReal(world: World, agent: Line, visitorId: string): Promise<{ real: Real; end: () => void }> {
  const [workspace] = world.workspaces
  const key = workspace.publicKey
  const api = world.api.service.url
  const dials: Record<Road, Dial> = {
    raw: dialRaw({ key, visitorId }),
    extended: dialExtended(async () => ({ key, visitorId })),
    published: dialPublished({ apiKey: key, visitorId }, ['websocket']),
    rest: async () => restLine(api, { apiKey: key, visitorId }, QUIET),
  }
  const lines = new Map<Road, Line>()
  let cursor = 0
  const real: Real = {
    visitorId,
    agent,
    async ask(road, operation, input) {
      const line = lines.get(road) ?? (await dials[road](world.gateways[road === 'raw' ? 0 : 1].service.url, QUIET))
      lines.set(road, line)
      return line.ask(operation, input)
    },
    async poll() {
      const query = new URLSearchParams({ apiKey: key, visitorId, lastTimestamp: String(cursor) })
      const { body } = await askHttp(`${api}/api/chat/poll?${query}`, undefined, QUIET)
      cursor = Number(body['nextTimestamp'])
      return (body['messages'] as { id: string }[]).map(({ id }) => id)
    },
    drop(road) {
      lines.get(road)?.close()
      lines.delete(road)
    },
  }
  return { real, end: () => lines.forEach((line) => line.close()) }
}

/** The first sequence that tells product and model apart, made as short as it gets; undefined if there is none. */
async function compare({ world, random }: Stage, runs: number): Promise<string | undefined> {
  const [workspace] = world.workspaces
  const { email, password } = workspace.agent
  const api = world.api.service.url
  const { cookie } = await askHttp(`${api}/api/v1/session.start`, { email, password }, QUIET)
  const agent = await dialExtended(() => askTicket(api, cookie, QUIET))(world.gateways[0].service.url, QUIET)
  let number = 0
  const run = random.between(0, 1_000_000)
  const property = fc.asyncProperty(fc.commands(steps(), { maxCommands: 20 }), async (commands) => {
    number += 1
    const { real, end } = await bringReal(world, agent, `model${run}-${number}`)
    try {
      await fc.asyncModelRun(
        () => ({ model: { said: [], polled: 0, marked: { visitor: 0, agent: 0 } }, real }),
        commands,
      )
    } finally {
      end()
    }
  })
  const result = await fc.check(property, { numRuns: runs, seed: random.between(0, 1_000_000) })
  agent.close()
  return result.failed ? `${fc.stringify(result.counterexample)}: ${String(result.errorInstance)}` : undefined
}

const FUZZERS = 8

/** Packets that are almost right, at both sockets; how many went out, and how many of those who sent them had been let in. */
async function fuzz({ world, random }: Stage, packets: number): Promise<{ sent: number; letIn: number }> {
  const { url } = world.gateways[0].service
  const key = world.workspaces[0].publicKey
  const known = { protocol: 1, key, visitorId: 'fuzz', text: 'x', message: 'x' }
  const socketIo = { path: 'socket.io/?EIO=4&transport=websocket', welcome: '40{', packet: socketIoPacket }
  const kinds = [
    {
      path: 'ws',
      greeting: JSON.stringify({ id: 1, op: 'hello', input: known }),
      welcome: '{"id":1,"ok":true',
      packet: rawFrame,
    },
    { ...socketIo, greeting: `40${JSON.stringify({ protocol: 1, key, visitorId: 'fuzz' })}` },
    { ...socketIo, greeting: `40${JSON.stringify({ apiKey: key, visitorId: 'fuzz' })}` },
  ]
  let [sent, letIn] = [0, 0]
  const fuzzer = async (choose: Random): Promise<void> => {
    while (sent < packets) {
      const { path, greeting, welcome, packet } = choose.pick(kinds)
      const socket = new WebSocket(`${url.replace('http', 'ws')}/${path}`)
      socket.on('error', () => {})
      const welcomed = new Promise((resolve) => {
        socket.on('message', (data: Buffer) => {
          if (data.toString().startsWith(welcome)) resolve(true)
        })
      })
      if (!(await within4s(once(socket, 'open')))) continue
      if (choose.chance(0.8)) {
        socket.send(greeting)
        // What comes before the welcome gets no further than the door.
        if (await within4s(welcomed)) letIn += 1
      }
      for (let left = choose.between(1, 40); left > 0 && socket.readyState === WebSocket.OPEN; left -= 1) {
        socket.send(packet(choose, known))
        sent += 1
        if (choose.chance(0.3)) await wait(1)
      }
      await wait(5)
      socket.terminate()
    }
  }
  await Promise.all(Array.from({ length: FUZZERS }, (_, index) => fuzzer(random.fork(`fuzzer ${index}`))))
  return { sent, letIn }
}

async function within4s(work: Promise<unknown>): Promise<boolean> {
  return await Promise.race([
    work.then(
      () => true,
      () => false,
    ),
    wait(4000, false),
  ])
}

export const modelFault: Fault = {
  id: 'T31',
  title: 'random sequences against a model, random packets',
  once: true,
  async inject(stage) {
    const { service } = stage.world.gateways[0]
    const [runs, packets] = stage.size === 'short' ? [25, 2000] : [10_000, 1_000_000]
    const difference = await compare(stage, runs)
    stage.expect(
      `model and product agree over ${runs} sequences`,
      difference === undefined,
      difference ?? 'no difference',
    )
    const pid = service.pid
    const { sent, letIn } = await fuzz(stage, packets)
    const { status } = await askHttp(`${service.url}/readyz`, undefined, QUIET)
    stage.expect(
      'I6 the gateway lives through damaged packets',
      service.pid === pid && status === 200 && letIn > 0,
      `${sent} packets, ${letIn} of their senders let in, then ${status}`,
    )
  },
}
