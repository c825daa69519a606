import { parseArgs } from 'node:util'
import { createWorkspace } from '../src/create-workspace.ts'

const option = { type: 'string' } as const
const { values } = parseArgs({ options: { name: option, agent: option, email: option } })
const { name, agent, email } = values
const url = process.env['DATABASE_URL']
if (url === undefined || name === undefined || agent === undefined || email === undefined) {
  process.stderr.write(
    'Usage: DATABASE_URL=<url> node bin/create-workspace.ts --name <workspace> --agent <name of its first agent> --email <theirs>\n',
  )
  process.exit(1)
}
const access = await createWorkspace(url, { name, agentName: agent, email }).catch((error: unknown) => {
  process.stderr.write(`No workspace was made: ${error instanceof Error ? error.message : String(error)}\n`)
  return process.exit(1)
})
process.stdout.write(`The workspace ${access.workspaceId} is made.

public key of the widget  ${access.publicKey}
sign in to the console    ${access.email}
with the password         ${access.password}

The password is kept nowhere else.
`)
