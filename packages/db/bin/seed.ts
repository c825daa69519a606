import { parseArgs } from 'node:util'
import { seed } from '../seed/seed.ts'

const { values } = parseArgs({ options: { credentials: { type: 'string' } } })
const url = process.env['DATABASE_URL']
if (url === undefined || values.credentials === undefined) {
  process.stderr.write(
    'Usage: DATABASE_URL=<url> node bin/seed.ts --credentials <file to write keys and passwords to>\n',
  )
  process.exit(1)
}
await seed(url, values.credentials)
process.stdout.write(`The demo is in the database; how to sign in stands in ${values.credentials}.\n`)
