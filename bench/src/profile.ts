/** CPU profiles of a window: which packages and functions had the processor, alone and with all that they called. */
import type { SpawnedProcess } from '@dosti/testkit/processes'
import { inspect } from './inspector.ts'
import { ROOT } from './processes.ts'

interface Frame {
  functionName: string
  url: string
  lineNumber: number
}

interface Profile {
  nodes: { id: number; callFrame: Frame; children?: number[] }[]
  samples: number[]
  timeDeltas: number[]
}

const SHOWN = 40
/** Between two samples, in microseconds. */
const INTERVAL_US = 250
const OURS = /^(packages|apps)\//

/** Starts to sample a server; the returned function stops and gives the findings as lines. */
export async function sample(node: SpawnedProcess): Promise<() => Promise<string[]>> {
  const inspector = await inspect(node)
  await inspector.ask('Profiler.enable')
  await inspector.ask('Profiler.setSamplingInterval', { interval: INTERVAL_US })
  await inspector.ask('Profiler.start')
  return async () => {
    const { profile } = await inspector.ask('Profiler.stop')
    inspector.close()
    return findings(profile as Profile)
  }
}

function findings(profile: Profile): string[] {
  const times = new Map<number, number>()
  // A long gap means that the process had no core, not that the function under it was slow.
  const timeAt = (index: number) => Math.min(profile.timeDeltas[index] ?? 0, 4 * INTERVAL_US)
  profile.samples.forEach((id, index) => times.set(id, (times.get(id) ?? 0) + timeAt(index)))
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const isIdle = ({ functionName }: Frame) => functionName === '(idle)'
  const all = profile.nodes.reduce((sum, { id, callFrame }) => sum + (isIdle(callFrame) ? 0 : (times.get(id) ?? 0)), 0)
  const idle = profile.nodes.reduce((sum, { id, callFrame }) => sum + (isIdle(callFrame) ? (times.get(id) ?? 0) : 0), 0)
  const [packages, own, whole] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()]
  for (const { id, callFrame } of profile.nodes) {
    if (isIdle(callFrame)) continue
    add(packages, packageOf(callFrame), times.get(id) ?? 0)
    add(own, placeOf(callFrame), times.get(id) ?? 0)
  }
  // A function that calls itself counts once per path.
  const walk = (id: number, above: ReadonlySet<string>): number => {
    const node = nodes.get(id)
    if (node === undefined) return 0
    const place = placeOf(node.callFrame)
    const below = new Set(above).add(place)
    const sum = (times.get(id) ?? 0) + (node.children ?? []).reduce((rest, child) => rest + walk(child, below), 0)
    if (OURS.test(shortened(node.callFrame.url)) && !above.has(place)) add(whole, place, sum)
    return sum
  }
  const [root] = profile.nodes
  if (root !== undefined) walk(root.id, new Set())
  const list = (title: string, sums: Map<string, number>, count: number) => [
    '',
    title,
    ...[...sums]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([place, time]) => `${((time / all) * 100).toFixed(1).padStart(5)} %  ${place}`),
  ]
  return [
    `busy ${(all / 1e6).toFixed(2)} s, idle ${(idle / 1e6).toFixed(2)} s`,
    ...list('own share by package', packages, 25),
    ...list('own share by function', own, SHOWN),
    ...list('our functions with all that they call (what runs after an await counts apart)', whole, SHOWN),
  ]
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value)
}

function placeOf({ functionName, url, lineNumber }: Frame): string {
  return `${functionName || '(anonymous)'}  ${shortened(url)}:${lineNumber + 1}`
}

function packageOf({ functionName, url }: Frame): string {
  if (url === '') return functionName
  const library = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  if (library !== undefined) return library
  return url.startsWith('node:') ? url : shortened(url)
}

function shortened(url: string): string {
  return url.replace(`file://${ROOT}`, '').replace(/.*node_modules\//, '')
}
