import { join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readImportTable } from './import-table.ts'
import { importsOf, packageOf } from './imports.ts'
import { codeOf, repositoryFiles, textOf, workspacePackages } from './repository.ts'

const table = readImportTable(textOf('ARCHITECTURE.md'))
const packages = workspacePackages()

const isTest = (file: string) => /\.test\.tsx?$|\/test(ing)?\/|^(e2e|bench|chaos|tooling)\/|^vitest\./.test(file)
/** What runs in production, as opposed to tests and the configuration of tools. */
const isShipped = (file: string) => /^(packages|apps)\/[^/]+\/(src|server|bin)\//.test(file) && !isTest(file)

/** What of a file's imports is wrong, one line each. */
function faults(files: string[], isWrong: (file: string, specifier: string, typesOnly: boolean) => boolean): string[] {
  return files.flatMap((file) =>
    importsOf(textOf(file))
      .filter(({ specifier, typesOnly }) => isWrong(file, specifier, typesOnly))
      .map(({ specifier }) => `${file} → ${specifier}`),
  )
}

test('the import table of ARCHITECTURE.md has one row for each package of the workspace', () => {
  expect(table.map(({ name }) => name).toSorted()).toEqual(packages.map(({ name }) => name).toSorted())
})

describe.each(packages)('$name', (subject) => {
  const { mayImport = [] } = table.find(({ name }) => name === subject.name) ?? {}
  const isAllowed = (name: string) => name === subject.name || mayImport === 'every package' || mayImport.includes(name)
  const files = codeOf(subject)

  test('depends only on the packages that the table gives it', () => {
    const inside = subject.dependencies.filter((name) => name.startsWith('@dosti/'))
    expect(inside.filter((name) => !isAllowed(name))).toEqual([])
  })

  test('imports of packages what the table gives it, in what it ships', () => {
    const isWrong = (file: string, specifier: string) => {
      const name = packageOf(specifier) ?? ''
      return isShipped(file) && name.startsWith('@dosti/') && !isAllowed(name)
    }
    expect(faults(files, isWrong)).toEqual([])
  })

  test('imports what its manifest declares, and no file of another package', () => {
    const declared = new Set([subject.name, ...subject.dependencies, ...subject.devDependencies])
    const isWrong = (file: string, specifier: string) => {
      const name = packageOf(specifier)
      if (name !== undefined) return !declared.has(name)
      if (!specifier.startsWith('.') || subject.folder === '.') return false
      const target = normalize(join(file, '..', specifier))
      // Tests hold documents against the code.
      return !target.startsWith(`${subject.folder}/`) && !(isTest(file) && target.startsWith('docs/'))
    }
    expect(faults(files, isWrong)).toEqual([])
  })

  test('leaves the libraries of others to them', () => {
    const owners = (library: string) => table.filter(({ librariesOfItsOwn }) => librariesOfItsOwn.includes(library))
    const isForeign = (library: string) =>
      owners(library).length > 0 && owners(library).every(({ name }) => name !== subject.name)
    expect(faults(files, (file, specifier) => !isTest(file) && isForeign(packageOf(specifier) ?? ''))).toEqual([])
  })
})

test('code for browsers takes types alone from contracts, but for the two files without zod', () => {
  const browser = /^(packages\/client|apps\/(widget|console))\/src\//
  const files = repositoryFiles().filter((file) => browser.test(file) && /\.tsx?$/.test(file) && !isTest(file))
  const light = new Set(['@dosti/contracts/names', '@dosti/contracts/evolve'])
  const isHeavy = (specifier: string) => packageOf(specifier) === '@dosti/contracts' && !light.has(specifier)
  expect(faults(files, (_file, specifier, typesOnly) => isHeavy(specifier) && !typesOnly)).toEqual([])
})

test('the domains import nothing of Node', () => {
  const files = repositoryFiles().filter(
    (file) => /^packages\/(conversations|accounts)\/src\/.*\.ts$/.test(file) && !isTest(file),
  )
  expect(files.length).toBeGreaterThan(0)
  expect(faults(files, (_file, specifier) => specifier.startsWith('node:'))).toEqual([])
})

test('apps never import apps', () => {
  const apps = packages.filter(({ folder }) => folder.startsWith('apps/'))
  const names = new Set(apps.map(({ name }) => name))
  const isOtherApp = (own: string) => (file: string, specifier: string) => {
    const name = packageOf(specifier) ?? ''
    return !isTest(file) && name !== own && names.has(name)
  }
  expect(apps.flatMap((app) => faults(codeOf(app), isOtherApp(app.name)))).toEqual([])
})
