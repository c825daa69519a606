import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { printFault } from './faults.mjs'
import { makeStateFolder, root } from './paths.mjs'
import { say } from './progress.mjs'
import { bringOutsidePrograms } from './programs.mjs'
import { bringToolchain, toolEnvironment } from './toolchain.mjs'

/**
 * How one step went: `passed` and `failed` count its tests, or the step itself where it has none.
 * @typedef {{ title: string, seconds: number, passed: number, failed: number, remarks: string[] }} Outcome
 */

const linted = ['packages', 'apps', 'e2e', 'bench', 'chaos', 'tooling', 'vitest.config.ts', 'vitest.setup.ts']
const turbo = ['--output-logs=new-only', '--no-daemon', '--continue', '--concurrency=100%']

try {
  await bringToolchain()
  await bringOutsidePrograms()
  const outcomes = [
    await check('Format', 'oxfmt', ['--check', '.']),
    await check('Generate', 'turbo', ['run', 'generate', ...turbo]),
    await check('Lint', 'oxlint', ['--type-aware', '--deny-warnings', ...linted]),
    await check('Types', 'turbo', ['run', 'types', ...turbo]),
    await check('Build', 'turbo', ['run', 'build', ...turbo]),
    await runTests('Unit tests', 'unit'),
    await runTests('Integration tests', 'integration'),
    await runTests('Browser tests', 'browser'),
    await runTests('Chaos tests', 'chaos'),
  ]
  process.exitCode = sumUp(outcomes)
} catch (error) {
  printFault(error)
  say('0 passed, 1 failed')
  process.exitCode = 1
}

/**
 * A step that is right or wrong as a whole.
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<Outcome>}
 */
async function check(title, command, args) {
  const { code, seconds } = await runShown(title, command, args)
  return { title, seconds, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, remarks: [] }
}

/**
 * One of vitest's projects; a skipped test counts as failed, and so does a run without tests.
 * @param {string} title
 * @param {string} project
 * @returns {Promise<Outcome>}
 */
async function runTests(title, project) {
  const report = join(makeStateFolder('test'), `${project}.json`)
  rmSync(report, { force: true })
  const { code, seconds } = await runShown(title, 'vitest', [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ])
  return { title, seconds, ...judge(readReport(report), code) }
}

/**
 * @typedef {{ fullName: string, status: string }} Assertion
 * @typedef {{ testResults: { name: string, status: string, assertionResults: Assertion[] }[] }} Report
 */

/**
 * @param {Report | undefined} report
 * @param {number | string} code
 */
function judge(report, code) {
  if (report === undefined) return { passed: 0, failed: 1, remarks: ['vitest wrote no report'] }
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  const passed = tests.filter(({ status }) => status === 'passed').length
  const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed')
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  const remarks = [
    ...skipped.map(({ fullName, status }) => `${status}: ${fullName}`),
    ...broken.map(({ name }) => `could not be run: ${name}`),
    ...(tests.length === 0 ? ['there was no test to run'] : []),
  ]
  const failed = tests.length - passed + broken.length + (tests.length === 0 && broken.length === 0 ? 1 : 0)
  if (failed === 0 && code !== 0)
    return { passed, failed: 1, remarks: [`vitest ended with ${code} though every test passed`] }
  return { passed, failed, remarks }
}

/**
 * @param {string} file
 * @returns {Report | undefined}
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * Runs a command below a heading, with its output shown as it comes.
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 */
async function runShown(title, command, args) {
  say(`\n── ${title} ${'─'.repeat(Math.max(4, 72 - title.length))}`)
  const started = Date.now()
  const child = spawn(command, args, { cwd: root, env: toolEnvironment(), stdio: ['ignore', 'inherit', 'inherit'] })
  /** @type {number | string} */
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (exitCode, signal) => resolve(exitCode ?? signal ?? 'an unknown end'))
  })
  const seconds = (Date.now() - started) / 1000
  say(code === 0 ? `✓ ${title} (${seconds.toFixed(1)} s)` : `✗ ${title} (${seconds.toFixed(1)} s): ended with ${code}`)
  return { code, seconds }
}

/**
 * @param {Outcome[]} outcomes
 * @returns {number} the exit code
 */
function sumUp(outcomes) {
  say(`\n── Sum ${'─'.repeat(69)}`)
  for (const { title, seconds, passed, failed, remarks } of outcomes) {
    say(
      `${failed === 0 ? '✓' : '✗'} ${title.padEnd(20)} ${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed ${seconds.toFixed(1).padStart(7)} s`,
    )
    for (const remark of remarks) say(`    ${remark}`)
  }
  const total = (/** @type {'passed' | 'failed'} */ key) => outcomes.reduce((sum, outcome) => sum + outcome[key], 0)
  say(`${total('passed')} passed, ${total('failed')} failed`)
  return total('failed') === 0 ? 0 : 1
}
