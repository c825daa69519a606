import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** What the starter keeps between runs; never committed. */
export const stateFolder = join(root, '.dosti')

/** @param {...string} parts */
export const inRoot = (...parts) => join(root, ...parts)

/** @param {...string} parts */
export const inState = (...parts) => join(stateFolder, ...parts)

/**
 * Makes a folder below .dosti, readable by its owner alone.
 * @param {...string} parts
 */
export function makeStateFolder(...parts) {
  const folder = inState(...parts)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}
