import { expect, test } from 'vitest'
import { isCode, repositoryFiles, textOf } from './repository.ts'

const forbidden = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'shared', 'misc', 'lib'])
const longest = 400
const files = repositoryFiles()

test('no folder or file has a name that says nothing', () => {
  const words = (file: string) => file.split('/').map((part) => part.split('.')[0] ?? '')
  expect(files.filter((file) => words(file).some((word) => forbidden.has(word.toLowerCase())))).toEqual([])
})

test('no class is called Manager, Service or Helper', () => {
  const named = /\bclass\s+\w*(Manager|Service|Helper)\b/
  expect(files.filter((file) => isCode(file) && named.test(textOf(file)))).toEqual([])
})

test(`no code file is longer than ${longest} lines`, () => {
  const length = (file: string) => textOf(file).split('\n').length - 1
  expect(files.filter((file) => isCode(file) && length(file) > longest)).toEqual([])
})

test('only a package as a whole has a file that just passes exports on', () => {
  const allowed = /^(packages|apps)\/[^/]+\/(src|testing)\/index\.ts$|^tooling\/index\.mjs$/
  const isBarrel = (text: string) => {
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '').trim()
    return code !== '' && code.replaceAll(/^export\s[^;'"]*?\bfrom\s*['"][^'"]+['"];?\s*/gm, '').trim() === ''
  }
  expect(files.filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !allowed.test(file) && isBarrel(textOf(file)))).toEqual(
    [],
  )
})

test('everything is exported by name, but where a tool wants a default', () => {
  const byTool = /(^|\/)(vite|vitest|prisma|playwright)\.config\.ts$/
  const exportsDefault = /^export default\b|^export \{[^}]*\bas default\b/m
  expect(files.filter((file) => isCode(file) && !byTool.test(file) && exportsDefault.test(textOf(file)))).toEqual([])
})
