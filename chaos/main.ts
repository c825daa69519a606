/** `npm run chaos`: breaks what the product stands on and says what became of the messages. Exit 1 if any rule was broken. */
import { randomInt } from 'node:crypto'
import { isClean } from './src/checker.ts'
import { FAULTS } from './src/faults.ts'
import { readOptions, USAGE, type ChaosOptions } from './src/options.ts'
import { report } from './src/report.ts'
import { run } from './src/run.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const options = read()
const known = new Set(FAULTS.map(({ id }) => id))
const unknown = options.only?.filter((id) => !known.has(id)) ?? []
if (unknown.length > 0) refuse(`There is no fault ${unknown.join(', ')}. There are ${[...known].join(', ')}.`)
const faults = FAULTS.filter(({ id }) => options.only?.includes(id) ?? true)
const outcome = await run({ ...options, faults, say })
for (const line of report(outcome, FAULTS)) say(line)
process.exit(isClean(outcome.verdict) ? 0 : 1)

function read(): ChaosOptions {
  try {
    return readOptions(process.argv.slice(2), () => randomInt(1_000_000))
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n\n${USAGE}\n`)
  process.exit(2)
}
