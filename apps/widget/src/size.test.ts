import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'build.mjs')])
})

const text = (name: string) => readFileSync(join(dist, name), 'utf8')
const gzipBytes = (name: string) => gzipSync(text(name), { level: 9 }).length
const chatFile = () => readdirSync(dist).find((name) => name.startsWith('chat.')) ?? ''

test('the build leaves the loader and the one chat it names', () => {
  expect(readdirSync(dist).sort()).toEqual([chatFile(), 'widget.js'])
  expect(text('widget.js')).toContain(`/widget/${chatFile()}`)
})

test('before the first click: at most 2 kB', () => {
  expect(gzipBytes('widget.js')).toBeLessThanOrEqual(2048)
})

test('opened: at most 35 kB, all chat code', () => {
  expect(gzipBytes(chatFile())).toBeLessThanOrEqual(35 * 1024)
})

test('a strict Content-Security-Policy finds nothing to forbid', () => {
  for (const name of ['widget.js', chatFile()])
    for (const forbidden of ['createElement("style")', 'createElement("iframe")', 'eval(', 'new Function('])
      expect([name, forbidden, text(name).includes(forbidden)]).toEqual([name, forbidden, false])
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tsx?$/.test(name),
  )
  const markup = /innerHTML|insertAdjacentHTML|<style|style=/i
  const guilty = sources.filter(
    (name) => !name.includes('.test.') && markup.test(readFileSync(join(root, 'src', name), 'utf8')),
  )
  expect(guilty).toEqual([])
})

test('nothing listens to the window but what the client takes away again', () => {
  // A bare call would be engine.io-client's, which is never undone; see build.mjs.
  expect(/[^.\w]addEventListener\(/.test(text(chatFile()))).toBe(false)
})
