import { migrate } from '../src/migrate.ts'

const url = process.env['DATABASE_URL']
if (url === undefined) {
  process.stderr.write('Set DATABASE_URL to the database that is to be migrated.\n')
  process.exit(1)
}
const applied = await migrate(url).catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error)
  process.stderr.write(`The database at ${new URL(url).host} could not be brought up to date: ${reason}\n`)
  return process.exit(1)
})
process.stdout.write(applied.length === 0 ? 'The database is up to date.\n' : `Applied ${applied.join(', ')}.\n`)
// The engine leaves a timer of ten seconds behind, and all is done.
process.exit(0)
