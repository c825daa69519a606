/** `npm run bench`: every figure beside its baseline, in one run. Ends with 0 unless the harness itself fails. */
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { FIGURES } from '../figures/all.ts'
import { printFigure, printHead, printSum } from '../report/table.ts'
import { writeFigure } from '../report/files.ts'
import type { Figure } from './figure.ts'
import { readFlags } from './flags.ts'
import { startGenerator } from './generator.ts'
import { probeDisk } from './probe.ts'
import { ROOT } from './processes.ts'
import { COUNTED } from './statements.ts'
import { removeFolder, startRun, startStores } from './stores.ts'
import { createBaselineDatabase, createWorld } from './world.ts'

const flags = readFlags(process.argv.slice(2))
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const chosen = Object.entries(FIGURES).filter(([name]) => flags.only.length === 0 || flags.only.includes(name))
if (chosen.length === 0) throw new Error(`--only takes some of: ${Object.keys(FIGURES).join(', ')}`)

const { folder, running } = await startRun()
const generator = startGenerator(running)
const end = async (): Promise<void> => {
  await running.stop()
  await removeFolder(folder)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end().then(() => process.exit(1)))

try {
  const out = resolve(ROOT, 'bench', flags.out)
  await mkdir(out, { recursive: true })
  const stores = await startStores({ folder, running }, 'disk', flags.profile ? COUNTED : [])
  const world = await createWorld(running, stores, 'dosti')
  const { databaseUrl: baselineUrl } = await createBaselineDatabase(stores)
  say(printHead(flags))
  const done: Figure[] = []
  for (const [name, measure] of chosen) {
    say(`\n── ${name}`)
    const disk = probeDisk(stores.folder)
    const figure = await measure({
      flags,
      running,
      generator,
      stores,
      world,
      baselineUrl,
      say: (line) => say(`   ${line}`),
    })
    done.push(figure)
    await writeFigure(out, figure, disk)
    say(printFigure(figure, disk))
  }
  say(printSum(done))
} finally {
  generator.stop()
  await end()
}
process.exit()
