/** REST: a durable send, a poll with nothing new, and one with twenty new messages, each beside the bare framework. */
import type { Request } from '../load/requests.ts'
import type { LoopResult } from '../load/sends.ts'
import { takeWarmTurns, type Figure, type Measure, type Row } from '../src/figure.ts'
import { fillBaseline, fillStreams } from '../src/fill.ts'
import { inspectable, lookedInto } from '../src/look.ts'
import { startNode, type Node } from '../src/processes.ts'
import { busyOf, microsOf } from './sends.ts'

/** Batches grow with what is in flight, so the send is measured with few connections and with many. */
const CONNECTIONS: [number, number] = [64, 256]
const OK = '"success":true'
const READERS = 64
const NEW_ROWS = 20

export const rest: Measure = async (setting) => {
  const { flags, running, world, baselineUrl, stores, generator, say } = setting
  const visitors = flags.quick ? 8 : READERS
  const filled = await fillStreams(world.sql, { prefix: 'reader', visitors, messages: 40 })
  await fillBaseline(baselineUrl, { prefix: 'reader', visitors, messages: 40, from: filled.from })
  const api = await world.api({ flags: inspectable(flags) })
  const bare = await startNode(running, {
    entry: 'bench/baselines/rest.ts',
    args: ['{port}', baselineUrl, world.databaseUrl],
    readyPath: '/hello',
  })
  const ask =
    (node: Node, requests: Request[], expect: string, { connections = CONNECTIONS[0], name = '' } = {}) =>
    async () => {
      const look = lookedInto(setting, name === '' ? undefined : node, name)
      const result = await generator.run<'requests'>(
        {
          kind: 'requests',
          server: node.url,
          requests,
          connections: flags.quick ? connections / 8 : connections,
          warmUpMs: flags.warmUpMs,
          measureMs: flags.measureMs,
          expect,
          pids: { server: node.pid, postgres: stores.postgresPid, redis: stores.redisPid },
          stops: look.stops,
        },
        look.reached,
      )
      if (result.failed > 0) throw new Error(`${result.failed} requests failed: ${node.output().slice(-2000)}`)
      return result
    }
  const names = Array.from({ length: visitors }, (_, index) => `reader-${index}`)
  const poll = (visitorId: string, after: number): Request => ({
    method: 'GET',
    path: `/api/chat/poll?apiKey=${world.key}&visitorId=${visitorId}&lastTimestamp=${after}`,
  })
  const send = (path: string, apiKey: string) =>
    Array.from({ length: 400 }, (_, index): Request => ({
      method: 'POST',
      path,
      body: JSON.stringify({
        apiKey,
        visitorId: `writer-${index}`,
        visitorName: 'Sana',
        message: 'Where is my order? It was due yesterday.',
      }),
    }))
  const rows: Row[] = []
  const raw: Record<string, unknown> = {}
  for (const connections of CONNECTIONS) {
    const name = `send, durable, ${connections} connections`
    say(
      `${name}: ours, the same route without a store, with one INSERT, with group commit, and with our store in turn, ${flags.repeats} times`,
    )
    const results = await takeWarmTurns(flags.repeats, {
      ours: ask(api, send('/api/chat/send', world.key), OK, { connections, name: `REST ${name}` }),
      bare: ask(bare, send('/send', 'dosti_pub_baseline'), OK, { connections }),
      insert: ask(bare, send('/send-stored', 'dosti_pub_baseline'), OK, { connections }),
      batched: ask(bare, send('/send-batched', 'dosti_pub_baseline'), OK, { connections }),
      store: ask(bare, send('/send-ours', 'dosti_pub_baseline'), OK, { connections }),
    })
    raw[name] = results
    rows.push(
      row(name, results.ours, 'same Fastify route, no store', results.bare, { ratioAtLeast: 0.7 }),
      row(name, results.ours, 'same Fastify route + one prepared INSERT', results.insert, undefined),
      row(name, results.ours, 'same Fastify route + group commit alone', results.batched, undefined),
      row(name, results.ours, 'same Fastify route + our store alone', results.store, undefined),
    )
  }
  const cursor = filled.at(40 - NEW_ROWS)
  say(`poll with nothing new and with ${NEW_ROWS} new messages, each in turn with its baseline, ${flags.repeats} times`)
  const polls = await takeWarmTurns(flags.repeats, {
    nothing: ask(
      api,
      names.map((name) => poll(name, filled.at(40))),
      '"messages":[]',
      { name: 'REST poll, nothing new' },
    ),
    hello: ask(bare, [{ method: 'GET', path: '/hello' }], OK),
    rows: ask(
      api,
      names.map((name) => poll(name, cursor)),
      'message 40 ',
      { name: 'REST poll, new messages' },
    ),
    select: ask(
      bare,
      names.map((name) => ({ method: 'GET', path: `/poll?visitorId=${name}&after=${cursor}` })),
      'message 40 ',
    ),
  })
  rows.push(
    row('poll, nothing new', polls.nothing, 'Fastify hello', polls.hello, { ratioAtLeast: 0.7 }),
    row(`poll, ${NEW_ROWS} new messages`, polls.rows, 'bare Fastify + one indexed SELECT', polls.select, {
      ratioAtLeast: 0.6,
    }),
  )
  for (const node of [api, bare]) await node.stop()
  return {
    name: 'rest',
    title: 'REST requests on one core',
    durability:
      'ours, INSERT and group commit: fsync on, synchronous_commit on, answered after the commit; no store: stores nothing',
    rows,
    raw: { ...raw, polls },
  } satisfies Figure
}

function row(what: string, ours: LoopResult[], name: string, baseline: LoopResult[], budget: Row['budget']): Row {
  const rates = (list: LoopResult[]) => list.map(({ perSecond }) => perSecond)
  return {
    what,
    unit: 'requests/s',
    ours: rates(ours),
    baseline: { name, values: rates(baseline) },
    budget,
    note: `CPU a request: ${microsOf(ours)}; baseline ${microsOf(baseline)}; generator ${busyOf(ours)} and ${busyOf(baseline)} of its core`,
  }
}
