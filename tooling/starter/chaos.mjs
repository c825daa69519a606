import { spawn } from 'node:child_process'
import { printFault } from './faults.mjs'
import { root } from './paths.mjs'
import { bringOutsidePrograms } from './programs.mjs'
import { run, step } from './progress.mjs'
import { findRedis } from './redis.mjs'
import { bringToolchain, node24, toolEnvironment } from './toolchain.mjs'

try {
  await bringToolchain()
  if (findRedis() === undefined) await bringOutsidePrograms()
  const env = toolEnvironment()
  await step('Generating code', (note) =>
    run('turbo', ['run', 'generate', '--output-logs=errors-only', '--no-daemon'], {
      cwd: root,
      env,
      note,
      failed: 'The code of the database could not be generated; the lines below say why.',
    }),
  )
  const child = spawn(node24, ['chaos/main.ts', ...process.argv.slice(2)], { cwd: root, env, stdio: 'inherit' })
  // Ctrl-C reaches both; the suite's guardian cleans up, and we only pass its end on.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
} catch (error) {
  printFault(error)
  process.exitCode = 1
}
