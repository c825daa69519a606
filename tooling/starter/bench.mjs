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
  await step('Generating', (note) =>
    run('turbo', ['run', 'generate', '--output-logs=new-only', '--no-daemon'], {
      cwd: root,
      env: toolEnvironment(),
      note,
      failed: 'Generating the database clients failed; the lines below say where.',
    }),
  )
  process.exitCode = await bench(process.argv.slice(2))
} catch (error) {
  printFault(error)
  process.exitCode = 1
}

/**
 * Runs the benchmark in the foreground; Ctrl-C reaches it by itself and it cleans up.
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
function bench(args) {
  const child = spawn(node24, ['bench/src/main.ts', ...args], { cwd: root, env: toolEnvironment(), stdio: 'inherit' })
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
