import { printFault } from './faults.mjs'
import { runPnpm } from './toolchain.mjs'

try {
  process.exitCode = await runPnpm(process.argv.slice(2))
} catch (error) {
  printFault(error)
  process.exitCode = 1
}
