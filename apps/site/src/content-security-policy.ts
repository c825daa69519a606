import type { Config } from './config.ts'

/** How long one answer of the gateway about the api's address is believed, in milliseconds. */
const KEEP_MS = 60_000

/**
 * The strictest policy a customer could have: the widget's host may run scripts, it and the api may be talked to, nothing
 * inline. Customers write the api's address into theirs; here the gateway is asked, so that no setting can be wrong.
 */
export function contentSecurityPolicy({ GATEWAY_URL, PUBLIC_KEY }: Config): () => Promise<string> {
  const gateway = new URL(GATEWAY_URL).origin
  let known: { api: string; until: number } | null = null
  return async () => {
    if (known === null || known.until < Date.now()) {
      const api = await askForApi(gateway, PUBLIC_KEY)
      known = api === null ? null : { api, until: Date.now() + KEEP_MS }
    }
    const talks = ["'self'", gateway, gateway.replace(/^http/, 'ws'), ...(known === null ? [] : [known.api])]
    return [
      "default-src 'none'",
      `script-src 'self' ${gateway}`,
      `connect-src ${talks.join(' ')}`,
      "style-src 'self'",
      "img-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; ')
  }
}

/** Null while the gateway does not answer: the page works, the chat says that it cannot connect. */
async function askForApi(gateway: string, publicKey: string): Promise<string | null> {
  try {
    const response = await fetch(`${gateway}/widget/config?key=${encodeURIComponent(publicKey)}`, {
      signal: AbortSignal.timeout(2000),
    })
    const body: { api?: unknown } = await response.json()
    return typeof body.api === 'string' ? new URL(body.api).origin : null
  } catch {
    return null
  }
}
