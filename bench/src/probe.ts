import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { latencies } from '../load/measure.ts'

/** What the disk and the machine were like at the moment, in milliseconds. */
export interface Disk {
  p50: number
  p90: number
  p99: number
  /** Processes that wanted a core in the last minute. */
  load: number
}

const WRITES = 300

/** Writes 8 kB and waits until the disk has it, again and again: under every durable latency lies this one. */
export function probeDisk(folder: string): Disk {
  const file = join(folder, 'fsync-probe')
  const descriptor = openSync(file, 'w')
  const page = Buffer.alloc(8192, 1)
  const times: number[] = []
  for (let index = 0; index < WRITES; index += 1) {
    const start = performance.now()
    writeSync(descriptor, page, 0, page.length, index * page.length)
    fdatasyncSync(descriptor)
    times.push(performance.now() - start)
  }
  closeSync(descriptor)
  rmSync(file)
  return { ...latencies(times), load: loadavg()[0] ?? 0 }
}
