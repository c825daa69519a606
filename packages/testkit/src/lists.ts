import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Running } from '@dosti/tooling'

/** The lists of what single test files run, beside the run's own `running.json`. */
export async function listsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  return names.filter((name) => /^running-.+\.json$/.test(name)).map((name) => join(folder, name))
}

/** A list for one test file; when its worker dies, the run ends what is on it. */
export function listFor(folder: string, name: string): Running {
  return new Running(join(folder, `running-${name}.json`))
}
