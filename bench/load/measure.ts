/** What the generator notes while it works: latencies, and the processor time of whom it watches. */
import { readdirSync, readFileSync } from 'node:fs'

/** Processes to watch; a Postgres is counted with its children. */
export interface Watched {
  /** Name by process id. */
  pids: Record<string, number>
}

/** Seconds of processor time so far, by name; empty where there is no /proc. */
export function processorSeconds({ pids }: Watched): Record<string, number> {
  const children = childrenByParent()
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => [
      name,
      [pid, ...(children.get(pid) ?? [])].reduce((sum, one) => sum + (readStat(one)?.seconds ?? 0), 0),
    ]),
  )
}

/** What each named process spent between two readings. */
export function spentBetween(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]))
}

// The kernel counts in hundredths of a second wherever Node runs on Linux.
const TICKS_PER_SECOND = 100

function readStat(pid: number): { parent: number; seconds: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold anything, blanks too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    // Its own, and that of children that ended: else a connection that Postgres closes would take back what it had spent.
    const ticks = fields.slice(11, 15).reduce((sum, one) => sum + Number(one), 0)
    return { parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND }
  } catch {
    return undefined
  }
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>()
  for (const name of safely(() => readdirSync('/proc'))) {
    if (!/^\d+$/.test(name)) continue
    const parent = readStat(Number(name))?.parent
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  return children
}

function safely(read: () => string[]): string[] {
  try {
    return read()
  } catch {
    return []
  }
}

/** Milliseconds, sorted, of which quantiles are asked. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** The usual three of a list of latencies. */
export function latencies(list: number[]): { p50: number; p90: number; p99: number } {
  const sorted = list.toSorted((a, b) => a - b)
  return { p50: quantile(sorted, 0.5), p90: quantile(sorted, 0.9), p99: quantile(sorted, 0.99) }
}
