import { expect, test } from 'vitest'
import { readImportTable } from './import-table.ts'
import { importsOf, packageOf } from './imports.ts'

test('imports are found in every form, and not in comments', () => {
  const from = (rest: string) => `from ${rest}`
  const keyword = 'import'
  const source = [
    `import a ${from(`'a'`)}`,
    `import type { B } ${from(`"@b/b/deep"`)}`,
    `import {\n  c,\n} ${from(`'c'`)}`,
    [keyword, `'d'`].join(' '),
    `export * ${from(`'./e.ts'`)}`,
    `const f = await ${keyword}('f')`,
    `// import x ${from(`'x'`)}`,
    `/* import y ${from(`'y'`)} */`,
  ].join('\n')
  expect(importsOf(source)).toEqual([
    { specifier: 'a', typesOnly: false },
    { specifier: '@b/b/deep', typesOnly: true },
    { specifier: 'c', typesOnly: false },
    { specifier: './e.ts', typesOnly: false },
    { specifier: 'd', typesOnly: false },
    { specifier: 'f', typesOnly: false },
  ])
})

test('a specifier belongs to a package, or to none', () => {
  expect(['@b/b/deep', 'pg', 'pg/lib', './a.ts', 'node:fs'].map(packageOf)).toEqual([
    '@b/b',
    'pg',
    'pg',
    undefined,
    undefined,
  ])
})

test('the import table is read from its heading to the next', () => {
  const page = [
    '## Who may import whom',
    '| package | may import | only it |',
    '| --- | --- | --- |',
    '| `api` | `db`, `bus` | `fastify` |',
    '| e2e | every package | |',
    '',
    '## Another',
    '| no | row | here |',
  ].join('\n')
  expect(readImportTable(page)).toEqual([
    { name: '@dosti/api', mayImport: ['@dosti/db', '@dosti/bus'], librariesOfItsOwn: ['fastify'] },
    { name: '@dosti/e2e', mayImport: 'every package', librariesOfItsOwn: [] },
  ])
})
