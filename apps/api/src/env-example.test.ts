import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { z } from 'zod'

const root = new URL('../../../', import.meta.url)

interface Entry {
  value: string
  optional: boolean
  meaning: string
  services: string
}

/** The variables of .env.example, each with the comment before it. */
function readExample(): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const block of readFileSync(new URL('.env.example', root), 'utf8').split(/\n{2,}/)) {
    const lines = block.trim().split('\n')
    const [, hash, name = '', value = ''] = /^(# )?([A-Z_]+)=(.*)$/.exec(lines.at(-1) ?? '') ?? []
    const services = /^# For: (.*)$/.exec(lines.at(-2) ?? '')?.[1] ?? ''
    if (name !== '')
      entries.set(name, { value, optional: hash !== undefined, meaning: lines.slice(0, -2).join(' '), services })
  }
  return entries
}

/** The schemas of all services, by name. */
async function readSchemas(): Promise<Map<string, z.ZodObject>> {
  const schemas = new Map<string, z.ZodObject>()
  for (const app of readdirSync(new URL('apps/', root))) {
    const file = ['src', 'server']
      .map((folder) => new URL(`apps/${app}/${folder}/config.ts`, root))
      .find((url) => existsSync(url))
    if (file === undefined) continue
    const { configSchema } = (await import(file.href)) as { configSchema: z.ZodObject }
    schemas.set(app, configSchema)
  }
  return schemas
}

const example = readExample()
const schemas = await readSchemas()

test('.env.example has every variable of every service, with its readers, and none besides', () => {
  const readers = new Map<string, string[]>()
  for (const [app, schema] of schemas)
    for (const name of Object.keys(schema.shape)) readers.set(name, [...(readers.get(name) ?? []), app])
  const meant = Object.fromEntries([...readers].map(([name, apps]) => [name, apps.sort().join(', ')]))
  expect(Object.fromEntries([...example].map(([name, { services }]) => [name, services]))).toEqual(meant)
})

test.each([...example])('.env.example says what %s means', (_name, { meaning }) => {
  expect(meaning).toMatch(/^# \S.{10,}/)
})

test.each([...schemas])('the %s starts with what .env.example sets, and with the defaults it shows', (_app, schema) => {
  const set = Object.fromEntries(
    [...example].filter(([, { optional }]) => !optional).map(([name, { value }]) => [name, value]),
  )
  const config = schema.parse(set)
  const shown = [...example].filter(([name, { optional }]) => optional && name in schema.shape)
  for (const [name, { value }] of shown) {
    const { data } = schema.shape[name]?.safeParse(value === '' ? undefined : value) ?? {}
    expect(config[name], name).toEqual(data)
  }
})

test.each([...schemas])('the %s needs what .env.example sets for it', (app, schema) => {
  const mine = [...example].filter(([, { optional, services }]) => !optional && services.split(', ').includes(app))
  const missing = schema.safeParse({}).error?.issues.map(({ path }) => path.join('.'))
  expect(missing?.sort()).toEqual(mine.map(([name]) => name).sort())
})
