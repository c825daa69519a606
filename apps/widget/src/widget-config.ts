import { readWireError, RequestError, unreachable } from '@dosti/client'

/** What the gateway tells a widget about its key. */
export interface WidgetConfig {
  /** Where requests over HTTP go, without a slash at the end. */
  api: string
  workspaceName: string
}

/** Asks the gateway; rejects with `RequestError`, also when the key is unknown or not allowed on this site. */
export async function fetchConfig(gateway: string, publicKey: string): Promise<WidgetConfig> {
  let body: Partial<WidgetConfig> & { error?: unknown }
  try {
    const response = await fetch(`${gateway}/widget/config?key=${encodeURIComponent(publicKey)}`, {
      credentials: 'omit',
      signal: AbortSignal.timeout(10_000),
    })
    body = await response.json()
  } catch {
    throw unreachable()
  }
  if (typeof body.api !== 'string') throw new RequestError(readWireError(body.error))
  return { api: body.api.replace(/\/$/, ''), workspaceName: body.workspaceName ?? '' }
}
