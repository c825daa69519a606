/**
 * Waits until the starter lets go of our standard input, however it ended, and then stops what it left running.
 * Runs in a session of its own, so that neither Ctrl-C nor a closed terminal reaches it.
 * Usage: guardian.mjs <list of what runs> [files to remove afterwards]
 */
import { existsSync } from 'node:fs'
import { cleanUpAfter } from './running.mjs'

const [list = '', ...removes] = process.argv.slice(2)

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => {})

process.stdin.resume()
process.stdin.once('close', () => {
  if (!existsSync(list)) process.exit(0) // the starter ended in order
  void cleanUpAfter(list, removes).then(() => process.exit(0))
})
