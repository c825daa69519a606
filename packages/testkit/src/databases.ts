import { Client, escapeIdentifier, escapeLiteral } from 'pg'

/** The same server, another database. */
export function withDatabase(url: string, database: string): string {
  const address = new URL(url)
  address.pathname = `/${database}`
  return address.href
}

/** Makes a database, as a copy of another where one is given. */
export async function createEmptyDatabase(url: string, name: string, template?: string): Promise<void> {
  const source = template === undefined ? '' : ` TEMPLATE ${escapeIdentifier(template)}`
  await query(url, `CREATE DATABASE ${escapeIdentifier(name)}${source}`)
}

/** Closes a database to everyone, so that it can be copied at any time; a migration's idle connections would forbid that. */
export async function sealTemplate(url: string, name: string): Promise<void> {
  await query(url, `ALTER DATABASE ${escapeIdentifier(name)} WITH ALLOW_CONNECTIONS false`)
  await query(
    url,
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ${escapeLiteral(name)}`,
  )
}

/** Drops a database, cutting who is still connected. */
export async function dropDatabase(url: string, name: string): Promise<void> {
  await query(url, `DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`)
}

async function query(url: string, text: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}
