/** Connects per second with the key checked, and what a joined visitor costs who then says nothing. */
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { StormResult } from '../load/storm.ts'
import { takeTurns, takeWarmTurns, type Figure, type Measure, type Row } from '../src/figure.ts'
import { heapAfterCollecting, inspect, INSPECTABLE } from '../src/inspector.ts'
import { lookedInto } from '../src/look.ts'
import { startNode, type Node } from '../src/processes.ts'
import { busyOf, microsOf } from './sends.ts'

const IDLE = 8000
const CONNECTS = 10_000
/** Handshakes under way at a time; with more the queue of a listening socket, 511 by default, would refuse some for a second. */
const UNDER_WAY = 500
/** Connections made and closed first, so that code and caches are warm before memory is read. */
const WARM = 200

interface Memory {
  /** KiB per visitor. */
  resident: number
  heap: number
}

export const connections: Measure = async (setting) => {
  const { flags, running, generator, world, say } = setting
  const count = flags.quick ? 100 : CONNECTS
  const relay = () =>
    startNode(running, {
      entry: 'bench/baselines/relay.ts',
      args: ['{port}'],
      readyPath: '/hello',
      flags: [INSPECTABLE],
    })
  const gateway = () => world.gateway({ flags: [INSPECTABLE] })
  const storm = (node: Node, isOurs: boolean) => () => {
    const look = lookedInto(setting, isOurs ? node : undefined, 'connects')
    const points: Record<string, string> = { empty: 'window', idle: 'over' }
    return generator.run<'storm'>(
      {
        kind: 'storm',
        server: node.url,
        visitors: world.visitors(count),
        atOnce: UNDER_WAY,
        stops: look.stops,
        pids: { server: node.pid },
      },
      (point) => look.reached(points[point] ?? point),
    )
  }
  say(`${count} connections in a row, ours and bare in turn, ${flags.repeats} times`)
  const [ourNode, bareNode] = [await gateway(), await relay()]
  const storms = await takeWarmTurns(flags.repeats, { ours: storm(ourNode, true), bare: storm(bareNode, false) })
  for (const node of [ourNode, bareNode]) await node.stop()

  const idle = flags.quick ? 100 : IDLE
  say(
    `${idle} joined visitors who say nothing, each time in a fresh process, ours and bare in turn, ${flags.repeats} times`,
  )
  const memory = await takeTurns(flags.repeats, {
    ours: () => idleMemory(setting, gateway, idle),
    bare: () => idleMemory(setting, relay, idle),
  })
  return {
    name: 'connections',
    title: 'Connections: how fast, and how dear',
    durability: undefined,
    rows: [connectRow(storms), ...memoryRows(memory, idle)],
    raw: { storms, memory },
  } satisfies Figure
}

async function idleMemory(
  { flags, generator, world }: Parameters<Measure>[0],
  start: () => Promise<Node>,
  count: number,
): Promise<Memory> {
  const node = await start()
  const inspector = await inspect(node)
  const job = { kind: 'storm', server: node.url, atOnce: 100, pids: {} } as const
  await generator.run<'storm'>({ ...job, visitors: world.visitors(WARM, 'warm'), stops: false })
  const read = async () => {
    await wait(flags.quick ? 100 : 1500) // handshakes end, the kernel hands back what was freed
    const heap = await heapAfterCollecting(inspector)
    return { heap: heap / 1024, resident: residentKiB(node.pid) }
  }
  let [before, after] = [await read(), { heap: 0, resident: 0 }]
  await generator.run<'storm'>({ ...job, visitors: world.visitors(count, 'idle'), stops: true }, async (point) => {
    if (point === 'empty') before = await read()
    else after = await read()
  })
  inspector.close()
  await node.stop()
  return { heap: (after.heap - before.heap) / count, resident: (after.resident - before.resident) / count }
}

function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

function connectRow({ ours, bare }: Record<'ours' | 'bare', StormResult[]>): Row {
  return {
    what: 'connects with key check',
    unit: 'connects/s',
    ours: ours.map(({ perSecond }) => perSecond),
    baseline: { name: 'bare Socket.IO, no check', values: bare.map(({ perSecond }) => perSecond) },
    budget: { ratioAtLeast: 0.8 },
    note: `CPU a connect: ${microsOf(ours)}; bare ${microsOf(bare)}; generator ${busyOf(ours)} and ${busyOf(bare)} of its core`,
  }
}

function memoryRows({ ours, bare }: Record<'ours' | 'bare', Memory[]>, count: number): Row[] {
  const row = (what: string, key: keyof Memory, budget: Row['budget']): Row => ({
    what,
    unit: 'KiB',
    ours: ours.map((memory) => memory[key]),
    baseline: { name: 'bare Socket.IO', values: bare.map((memory) => memory[key]) },
    budget,
  })
  return [
    {
      ...row('heap per idle visitor, after collecting', 'heap', { ratioAtMost: 1.25 }),
      note: `${count} visitors by WebSocket`,
    },
    { ...row('resident per idle visitor', 'resident', { ratioAtMost: 1.25 }), note: "holds the collector's slack too" },
  ]
}
