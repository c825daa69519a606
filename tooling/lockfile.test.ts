import { describe, expect, test } from 'vitest'
import { broughtBy, nameAndVersion, readLockfile } from './lockfile.ts'
import { textOf } from './repository.ts'

const text = textOf('pnpm-lock.yaml')
const lockfile = readLockfile(text)

/** The first versions without a known hole; what is older must not come back in any nested copy. */
const floors = {
  'engine.io': '6.6.10',
  'socket.io-parser': '4.2.7',
  'socket.io': '4.8.4',
  ws: '8.21.0',
  fastify: '5.12.2',
  '@fastify/middie': '9.3.6',
  '@fastify/multipart': '7.4.1',
}

/** Old on purpose: the Socket.IO 2 client that stands for the apps in the field, in tests only. */
const oldClient = 'socket.io-client-v2'

function isOlder(version: string, floor: string): boolean {
  const [have, want] = [version, floor].map((text) => text.split('-')[0]?.split('.').map(Number) ?? [])
  const place = [0, 1, 2].find((index) => have?.[index] !== want?.[index])
  return place !== undefined && (have?.[place] ?? 0) < (want?.[place] ?? 0)
}

const roots = [...lockfile.importers.values()].flatMap((aliases) => [...aliases])
const shipped = broughtBy(
  lockfile,
  roots.filter(([alias]) => alias !== oldClient).map(([, key]) => key),
)

test('the lockfile names no place to download from', () => {
  expect(text.match(/https?:\/\/.*|^.*\btarball:.*/gm) ?? []).toEqual([])
})

test('the lockfile is read whole', () => {
  expect(lockfile.importers.has('.')).toBe(true)
  expect([...lockfile.packages.keys()].map((key) => nameAndVersion(key).name)).toContain('fastify')
  const everything = broughtBy(
    lockfile,
    roots.map(([, key]) => key),
  )
  expect([...lockfile.packages.keys()].filter((key) => !everything.has(key))).toEqual([])
})

test('only tests use the old Socket.IO client', () => {
  const users = [...lockfile.importers].filter(([, aliases]) => aliases.has(oldClient)).map(([folder]) => folder)
  expect(users.filter((folder) => folder !== 'e2e')).toEqual([])
})

describe('no copy, however nested, is older than the first without a known hole', () => {
  test.each(Object.entries(floors))('%s ≥ %s', (name, floor) => {
    const versions = [...shipped].map(nameAndVersion).filter((entry) => entry.name === name)
    expect(versions.filter(({ version }) => isOlder(version, floor))).toEqual([])
  })

  test('the comparison knows older from newer', () => {
    expect(['8.20.9', '7.99.0', '8.21.0', '8.21.3', '9.0.0'].map((version) => isOlder(version, '8.21.0'))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
})
