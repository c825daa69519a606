/** Reads CPU profiles as `node --cpu-prof` writes them: which functions had the processor. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from './processes.ts'

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number }; children?: number[] }[]
  samples: number[]
  timeDeltas: number[]
}

const SHOWN = 45

/** Prints the functions with the largest own share of each profile in a folder, and removes the profiles. */
export async function printHotFunctions(folder: string, say: (line: string) => void): Promise<void> {
  for (const name of await readdir(folder)) {
    const profile = JSON.parse(await readFile(join(folder, name), 'utf8')) as Profile
    await rm(join(folder, name))
    const own = new Map<string, number>()
    const packages = new Map<string, number>()
    const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
    let busy = 0
    profile.samples.forEach((id, index) => {
      const frame = places.get(id)
      const time = profile.timeDeltas[index] ?? 0
      if (frame === undefined || frame.functionName === '(idle)') return
      busy += time
      add(own, placeOf(frame), time)
      add(packages, packageOf(frame), time)
    })
    say(`\n   Processor time of ${name} (${(busy / 1e6).toFixed(1)} s busy), own share of each package, then of each function`)
    for (const [place, time] of largest(packages, 25)) say(`   ${((time / busy) * 100).toFixed(1).padStart(5)} %  ${place}`)
    say('')
    for (const [place, time] of largest(own, SHOWN)) say(`   ${((time / busy) * 100).toFixed(1).padStart(5)} %  ${place}`)
  }
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value)
}

function largest(sums: Map<string, number>, count: number): [string, number][] {
  return [...sums].toSorted(([, a], [, b]) => b - a).slice(0, count)
}

function placeOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  return `${functionName || '(anonymous)'}  ${shortened(url)}:${lineNumber + 1}`
}

function packageOf({ functionName, url }: Profile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName
  const library = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  if (library !== undefined) return library
  return url.startsWith('node:') ? url : shortened(url)
}

function shortened(url: string): string {
  return url.replace(`file://${ROOT}`, '').replace(/.*node_modules\//, '')
}
