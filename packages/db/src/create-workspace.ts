import { randomBytes } from 'node:crypto'
import { createDb } from './client.ts'
import { Prisma } from './generated/client.ts'
import { hashPassword, newPassword, newPublicKey } from './secrets.ts'
import { scoped } from './scope.ts'

/** What a new workspace is called, and who signs in to it first. */
export interface NewWorkspace {
  name: string
  agentName: string
  /** In any case; nobody in the installation may have it yet. */
  email: string
}

/** What its owner needs. The password is kept nowhere else. */
export interface WorkspaceAccess {
  workspaceId: string
  publicKey: string
  email: string
  password: string
}

/** Makes a workspace with one agent, who is on duty, and one key. Throws a sentence for whoever typed it if something is amiss. */
export async function createWorkspace(url: string, wanted: NewWorkspace): Promise<WorkspaceAccess> {
  const [name, agentName, email] = [wanted.name.trim(), wanted.agentName.trim(), wanted.email.trim().toLowerCase()]
  if (name === '' || agentName === '') throw new Error('A workspace and its agent need names.')
  if (!/^[^\s@]+@[^\s@]+$/u.test(email)) throw new Error(`"${email}" is no e-mail address.`)
  const [workspaceId, agentId] = [`wsp_${randomId()}`, `agt_${randomId()}`] as const
  const [publicKey, password] = [newPublicKey(), newPassword()]
  const passwordHash = await hashPassword(password)
  const db = await createDb(url, { name: 'dosti-create-workspace', connections: 1 })
  try {
    await scoped(db, [workspaceId], async (tx) => {
      await tx.workspace.create({ data: { id: workspaceId, name, createdAt: Date.now() } })
      await tx.agent.create({ data: { workspaceId, id: agentId, name: agentName, email, passwordHash } })
      await tx.publicKey.create({ data: { workspaceId, key: publicKey } })
    })
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')
      throw new Error(`Somebody signs in as ${email} already.`, { cause: error })
    throw error
  } finally {
    await db.close()
  }
  return { workspaceId, publicKey, email, password }
}

function randomId(): string {
  return randomBytes(16).toString('hex')
}
