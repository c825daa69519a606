import { createDatabase } from '@dosti/testkit'
import { describe, expect, it } from 'vitest'
import { openDb } from '../testing/open-db.ts'
import { createAccountStore } from './account-store.ts'
import { createWorkspace } from './create-workspace.ts'

describe('a new workspace', () => {
  it('has a key and somebody who signs in, with an address that nobody else has', async () => {
    const { url } = await createDatabase()
    const accounts = createAccountStore(await openDb(url))
    const wanted = { name: ' Acme ', agentName: 'Aisha', email: 'Aisha@Acme.example' }
    const made = await createWorkspace(url, wanted)
    expect(await accounts.findKey(made.publicKey)).toMatchObject({
      workspaceId: made.workspaceId,
      workspaceName: 'Acme',
    })
    expect(await accounts.findCredentials('aisha@acme.example')).toMatchObject({ workspaceId: made.workspaceId })
    await expect(createWorkspace(url, wanted)).rejects.toThrow('Somebody signs in as aisha@acme.example already.')
    const other = await createWorkspace(url, { ...wanted, email: 'ben@acme.example' })
    expect(other.publicKey).not.toBe(made.publicKey)
  })

  it('needs names and an address', async () => {
    const nowhere = 'postgres://localhost:1/none'
    await expect(createWorkspace(nowhere, { name: ' ', agentName: 'A', email: 'a@b.example' })).rejects.toThrow('names')
    await expect(createWorkspace(nowhere, { name: 'A', agentName: 'A', email: 'a' })).rejects.toThrow('e-mail')
  })
})
