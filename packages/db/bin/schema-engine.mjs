#!/usr/bin/env node
// Stands in for Prisma's native `schema-engine`, which its CLI would download: the same arguments and the same JSON-RPC on
// stdin and stdout, answered by the engine in WebAssembly.
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { createDatabase, parseTarget, runOnce, startEngine } from '../src/schema-engine.ts'

const datamodelPaths = []
let datasource
let command
for (let rest = process.argv.slice(2); rest.length > 0;) {
  const word = rest.shift()
  if (word === '--datamodels') datamodelPaths.push(rest.shift())
  else if (word === '--datasource') datasource = JSON.parse(rest.shift())
  else if (word === 'cli') command = rest.shift()
  else if (word === '--version') {
    process.stdout.write('schema-engine-cli wasm\n')
    process.exit(0)
  } else if (word.startsWith('--')) rest.shift() // --enabled-preview-features, --extension-types
}
const target = parseTarget(datasource?.url ?? 'postgresql://nobody@127.0.0.1:1/none')

if (command === undefined)
  serve(await Promise.all(datamodelPaths.map(async (path) => [path, await readFile(path, 'utf8')])))
else await runCommand()

async function runCommand() {
  try {
    if (command === 'can-connect-to-database') await runOnce(target)
    else if (command === 'create-database') await createDatabase(target)
    else throw new Error(`not supported here: cli ${command}`)
  } catch (error) {
    const code = { '3D000': 'P1003', '28P01': 'P1000', 28000: 'P1010' }[error.code] ?? 'P1001'
    const message = code === 'P1003' ? `Database ${target.database} does not exist` : error.message
    const fields = { error_code: code, message, is_panic: false }
    process.stderr.write(`\n${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields })}\n`)
    process.exitCode = 1
  }
}

function serve(datamodels) {
  let engine
  let diagnosis
  const start = () => startEngine(target, datamodels.length > 0 ? datamodels : undefined)
  const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const answer = async ({ id, method, params }) => {
    try {
      engine ??= await start()
      const result = await engine.call(method === 'getDatabaseVersion' ? 'version' : method, params)
      if (method === 'devDiagnostic') diagnosis = params
      // Once it has applied migrations, the engine can no longer make a shadow database; a new one that has diagnosed can.
      if (method === 'applyMigrations' && result.appliedMigrationNames.length > 0 && diagnosis !== undefined) {
        await engine.close()
        engine = await start()
        await engine.call('devDiagnostic', diagnosis)
      }
      if (method !== 'diff') return say({ id, result: result ?? {} })
      if (result.stdout !== null) say({ id: `print-${id}`, method: 'print', params: { content: result.stdout } })
      return say({ id, result: { exitCode: result.exitCode } })
    } catch (error) {
      const data = { is_panic: false, message: error.message ?? String(error), error_code: error.code ?? null }
      return say({ id, error: { code: 4466, message: 'schema engine', data } })
    }
  }
  let queue = Promise.resolve()
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const message = JSON.parse(line)
    if (message.method) queue = queue.then(() => answer(message))
  })
  lines.on('close', () => void queue.then(() => process.exit()))
}
