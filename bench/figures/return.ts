/** Ten thousand visitors are connected, the gateway is killed and started again: when are all of them back, and is anything lost? */
import type { ReturnResult } from '../load/return.ts'
import { takeTurns, type Figure, type Measure } from '../src/figure.ts'
import { startNode, type Node } from '../src/processes.ts'

const VISITORS = 10_000
const WRITERS = 100

export const comeBack: Measure = async ({ flags, running, generator, world, say }) => {
  const count = flags.quick ? 200 : VISITORS
  const writers = flags.quick ? 5 : WRITERS
  const lost: number[] = []
  let turn = 0
  const run = (start: (port?: number) => Promise<Node>, keeps: boolean) => async () => {
    turn += 1
    let node = await start()
    const { port } = node
    const result = await generator.run<'return'>(
      {
        kind: 'return',
        server: node.url,
        visitors: world.visitors(count, 'back'),
        writers: keeps ? writers : 0,
        run: `return-${turn}`,
      },
      async () => {
        await node.kill()
        node = await start(port)
      },
    )
    await node.stop()
    if (keeps) lost.push(await missing(world.sql, result.acknowledged))
    return result
  }
  say(
    `${count} visitors, the server killed with SIGKILL and started at once, ours and bare in turn, ${flags.repeats} times`,
  )
  const results = await takeTurns(flags.repeats, {
    ours: run((port) => world.gateway(port === undefined ? {} : { port }), true),
    bare: run(
      (port) =>
        startNode(running, {
          entry: 'bench/baselines/relay.ts',
          args: ['{port}'],
          readyPath: '/hello',
          ...(port === undefined ? {} : { port }),
        }),
      false,
    ),
  })
  const seconds = (list: ReturnResult[], key: 'all' | 'half') => list.map((result) => result[key])
  const acknowledged = results.ours.reduce((sum, result) => sum + result.acknowledged.length, 0)
  return {
    name: 'return',
    title: `${count.toLocaleString('en')} back after the gateway was killed`,
    durability: 'fsync on, synchronous_commit on; clients resend what was not acknowledged',
    rows: [
      {
        what: 'until all are back',
        unit: 's',
        ours: seconds(results.ours, 'all'),
        baseline: { name: 'bare Socket.IO, no check', values: seconds(results.bare, 'all') },
        budget: { atMost: 10 },
        note: `from the loss of the first connection, the start of the process included; clients wait 0.25 to 3 s between attempts; ${triesOf(results.ours)}; bare ${triesOf(results.bare)}`,
      },
      {
        what: 'until half are back',
        unit: 's',
        ours: seconds(results.ours, 'half'),
        baseline: { name: 'bare Socket.IO, no check', values: seconds(results.bare, 'half') },
        budget: undefined,
      },
      {
        what: 'acknowledged messages lost',
        unit: `of ${acknowledged}`,
        // In all turns together: one of five that loses something is no better than five.
        ours: [lost.reduce((sum, each) => sum + each, 0)],
        baseline: undefined,
        budget: { atMost: 0 },
      },
    ],
    raw: {
      ours: results.ours.map(({ acknowledged: list, ...rest }) => ({ ...rest, acknowledged: list.length })),
      bare: results.bare,
      lost,
    },
  } satisfies Figure
}

function triesOf(list: ReturnResult[]): string {
  const sum = (of: (result: ReturnResult) => number) => list.reduce((all, result) => all + of(result), 0)
  return `${sum(({ attempts }) => attempts)} attempts, ${sum(({ refused }) => refused)} refused, ${sum(({ never }) => never)} never came back`
}

async function missing(sql: Parameters<Measure>[0]['world']['sql'], acknowledged: string[]): Promise<number> {
  const { rows } = await sql.query<{ client_message_id: string }>(
    'SELECT client_message_id FROM event WHERE client_message_id = ANY ($1::text[])',
    [acknowledged],
  )
  const stored = new Set(rows.map((row) => row.client_message_id))
  return acknowledged.filter((id) => !stored.has(id)).length
}
