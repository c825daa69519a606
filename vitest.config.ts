import { defineConfig } from 'vitest/config'

const unit = [
  '{packages,apps}/*/{src,test,testing,bin,server}/**/*.test.{ts,tsx}',
  'tooling/*.test.ts',
  'bench/{src,load}/*.test.ts',
  'chaos/src/*.test.ts',
]
const integration = [
  '{packages,apps}/*/{src,test,testing,bin,server}/**/*.int.test.ts',
  'e2e/**/*.int.test.ts',
  'bench/*.int.test.ts',
]

export default defineConfig({
  test: {
    // TEST_POSTGRES=15 runs the tests on Debian's PostgreSQL of that version instead of the packaged one.
    provide: { postgresVersion: process.env.TEST_POSTGRES || undefined, testRun: undefined },
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: unit, exclude: ['**/node_modules/**', '**/*.int.test.*', '**/*.chaos.test.*'] },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: integration,
          globalSetup: './vitest.setup.ts',
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // Rules about time need the machine for themselves, so this project runs on its own.
        test: { name: 'chaos', include: ['chaos/src/*.chaos.test.ts'], fileParallelism: false, hookTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['e2e/**/*.browser.test.ts'],
          globalSetup: './vitest.setup.ts',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
