/** From what a visitor's side shows (key, id, token) to an actor. The same for every transport. */
import {
  DostiError,
  PUBLIC_KEY_PREFIX,
  visitorId as visitorIdSchema,
  visitorName as visitorNameSchema,
  type GuestActor,
  type VisitorActor,
} from '@dosti/contracts'
import type { AccountStore, GuessFence, PublicKey, Secrets } from './ports.ts'

const KEY_FORM = new RegExp(`^${PUBLIC_KEY_PREFIX}[A-Za-z0-9_-]{32}$`)

/** What a visitor's client may show; every field as it came, unchecked. */
export interface VisitorCredentials {
  key: unknown
  visitorId?: unknown
  visitorToken?: unknown
  visitorName?: unknown
  /** The browser's Origin header, if there was one. */
  origin?: string | undefined
  /** The caller's network address, where the transport knows it for certain: guesses at ids are counted by it. */
  address?: string | undefined
}

export interface IdentifyVisitor {
  /** The holder of a valid key. Throws `key.*` and `origin.denied`. */
  guest(credentials: Pick<VisitorCredentials, 'key' | 'origin'>): Promise<GuestActor & { workspaceName: string }>
  /** A visitor. Throws as `guest`, `request.invalid` for a bad id, `visitor.token_required` where the id is bound to a token. */
  visitor(credentials: VisitorCredentials): Promise<VisitorActor>
}

/** May this key be used from there? No Origin header means no browser, and a list is a fence for browsers only. Pure. */
export function originAllowed({ allowedOrigins }: PublicKey, origin: string | undefined): boolean {
  return origin === undefined || allowedOrigins.length === 0 || allowedOrigins.includes(origin)
}

/** Builds the identification over key and visitor look-ups. */
export function identifyVisitor(
  findKey: (key: string) => Promise<PublicKey | undefined>,
  findVisitor: AccountStore['findVisitor'],
  secrets: Secrets,
  fence: GuessFence,
): IdentifyVisitor {
  return {
    async guest(credentials) {
      const { workspaceId, workspaceName } = usable(await findKey(readKey(credentials.key)), credentials.origin)
      return { kind: 'guest', workspaceId, workspaceName }
    },
    async visitor(credentials) {
      const { workspaceId } = usable(await findKey(readKey(credentials.key)), credentials.origin)
      const visitorId = readVisitorId(credentials.visitorId)
      const token =
        typeof credentials.visitorToken === 'string' && credentials.visitorToken !== ''
          ? credentials.visitorToken
          : undefined
      const known = await findVisitor(workspaceId, visitorId, token === undefined ? undefined : secrets.digest(token))
      if (!known && credentials.address !== undefined)
        await fence.countUnknown(workspaceId, credentials.address, visitorId)
      // A token that proves nothing is refused, not ignored: its holder believes to be somebody.
      if ((known?.bound || token !== undefined) && !known?.tokenMatches) throw new DostiError('visitor.token_required')
      const name = readVisitorName(credentials.visitorName)
      return {
        kind: 'visitor',
        workspaceId,
        visitorId,
        bound: known?.tokenMatches ?? false,
        ...(known ? {} : { isNew: true }),
        ...(name === undefined ? {} : { visitorName: name }),
      }
    },
  }
}

function readKey(key: unknown): string {
  if (key === undefined || key === null || key === '') throw new DostiError('key.missing')
  if (typeof key !== 'string' || !KEY_FORM.test(key)) throw new DostiError('key.malformed')
  return key
}

function usable(found: PublicKey | undefined, origin: string | undefined): PublicKey {
  if (!found) throw new DostiError('key.unknown')
  if (found.revokedAt !== null) throw new DostiError('key.revoked')
  if (!originAllowed(found, origin)) throw new DostiError('origin.denied')
  return found
}

function readVisitorId(value: unknown): string {
  const parsed = visitorIdSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const problem = parsed.error.issues[0]?.message ?? 'is not valid'
  throw new DostiError('request.invalid', {
    message: `visitorId ${problem}.`,
    details: [{ path: 'visitorId', problem }],
  })
}

// A name is courtesy: one that cannot be used is left out, never a reason to refuse.
function readVisitorName(value: unknown): string | undefined {
  if (value === undefined) return undefined
  const parsed = visitorNameSchema.safeParse(value)
  return parsed.success ? parsed.data : undefined
}
