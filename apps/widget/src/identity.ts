/** Who the visitor is: an id and its token, made by the server once and kept in the host page's own storage. */
import { createHttp, type Http, type KeyValueStore } from '@dosti/client'

export interface Identity {
  visitorId: string
  visitorToken: string
}

/** The identity this browser holds for the key, if any. */
export function heldIdentity(storage: KeyValueStore, publicKey: string): Identity | null {
  try {
    const value: unknown = JSON.parse(storage.get(nameOf(publicKey)) ?? 'null')
    return isIdentity(value) ? value : null
  } catch {
    return null
  }
}

/** A new identity, kept; or the one that another tab made in the meantime. */
export async function makeIdentity(storage: KeyValueStore, publicKey: string, api: string): Promise<Identity> {
  const http = createHttp({ api, credentials: 'omit', headers: () => ({ 'x-dosti-key': publicKey }) })
  const { visitorId, visitorToken } = await http.request('visitor.create', {})
  const other = heldIdentity(storage, publicKey)
  if (other !== null) return other
  const identity = { visitorId, visitorToken }
  storage.set(nameOf(publicKey), JSON.stringify(identity))
  return identity
}

/** Requests over HTTP in the visitor's name. */
export function httpAs({ visitorId, visitorToken }: Identity, publicKey: string, api: string): Http {
  const headers = {
    'x-dosti-key': publicKey,
    'x-dosti-visitor': encodeURIComponent(visitorId),
    authorization: `Bearer ${visitorToken}`,
  }
  return createHttp({ api, credentials: 'omit', headers: () => headers })
}

/** Forgets an identity that the server no longer takes; one that another tab has made since stays. */
export function forgetIdentity(storage: KeyValueStore, publicKey: string, refused: Identity): void {
  if (heldIdentity(storage, publicKey)?.visitorToken === refused.visitorToken) storage.remove(nameOf(publicKey))
}

function nameOf(publicKey: string): string {
  return `dosti:visitor:${publicKey}`
}

function isIdentity(value: unknown): value is Identity {
  if (typeof value !== 'object' || value === null) return false
  const fields: Partial<Record<keyof Identity, unknown>> = value
  return typeof fields.visitorId === 'string' && typeof fields.visitorToken === 'string'
}
