import { defineConfig } from 'prisma/config'

// The CLI would download a native engine before anything else; `generate` never starts it, so any program will do.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath

export default defineConfig({ schema: 'prisma/schema.prisma' })
