import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'

// The CLI would download a native engine before anything else; this one comes from the registry with the packages.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= fileURLToPath(new URL('bin/schema-engine.mjs', import.meta.url))

const url = process.env['DATABASE_URL']

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // `generate` needs no database, so a missing URL must not stop it.
  ...(url === undefined ? {} : { datasource: { url } }),
})
