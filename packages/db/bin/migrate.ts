import { migrate } from '../src/migrate.ts'

const url = process.env['DATABASE_URL']
if (url === undefined) {
  process.stderr.write('Set DATABASE_URL to the database that is to be migrated.\n')
  process.exit(1)
}
const applied = await migrate(url)
process.stdout.write(applied.length === 0 ? 'The database is up to date.\n' : `Applied ${applied.join(', ')}.\n`)
// The engine leaves a timer of ten seconds behind, and all is done.
process.exit(0)
