import { expect, test } from 'vitest'
import { isCode, repositoryFiles, textOf } from './repository.ts'

/** Who may read the environment, each with its reason. */
const readers = [
  /^packages\/runtime\/src\/env\.ts$/, // the one place where services do
  /^packages\/testkit\/src\/processes\.ts$|\.test\.ts$/, // hand their own environment on to what they spawn
  /^packages\/db\/(bin\/[^/]+\.(ts|mjs)|prisma\.config\.ts)$/, // commands that run before any service
  /^tooling\/starter\//, // plain JavaScript that runs before anything is installed
  /^vitest\.config\.ts$/, // the switch between PostgreSQL versions
  /^(bench|chaos)\/[^/]+\.ts$/, // commands
  /^tooling\/env\.test\.ts$/, // this page
]

test('services read the environment in runtime/src/env.ts alone', () => {
  const reads = /\bprocess\s*(\?\.|\.|\[\s*['"])env\b|\benv\b[^'"\n]*\}\s*from\s*['"](node:)?process['"]/
  const found = repositoryFiles().filter((file) => isCode(file) && reads.test(textOf(file)))
  expect(found.filter((file) => !readers.some((reader) => reader.test(file)))).toEqual([])
})
