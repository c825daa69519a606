import cookie from '@fastify/cookie'
import cors from '@fastify/cors'
import { createHttp, registerHealth } from '@dosti/runtime'
import type { FastifyInstance } from 'fastify'
import { CHAT_PATH, chatError, routeChat } from './chat.ts'
import { createDeps, type ApiDeps } from './deps.ts'
import { openApi } from './openapi.ts'
import { OPERATIONS_PATH, routeOperations } from './operations.ts'
import { cookieName } from './session-cookie.ts'

export { createDeps, type ApiDeps }

/** The whole api without a port: `app.listen` is the caller's. */
export async function buildApi(deps: ApiDeps): Promise<FastifyInstance> {
  const { log, config, db, bus, metrics } = deps
  const app = createHttp({
    log,
    trustedProxies: config.TRUSTED_PROXIES,
    errorBody: (path, error) =>
      `${path}/`.startsWith(CHAT_PATH)
        ? chatError(error)
        : path.startsWith(OPERATIONS_PATH)
          ? { ok: false, error }
          : { error },
    // Visitors use no cookies, so any page may ask. The console's cookie does not cross origins: no credentials are allowed.
    headers: { 'cache-control': 'no-store', 'access-control-allow-origin': '*' },
    finishes: true,
  })
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
    deps.endPolls()
  })
  // JSON is the only language here; a form or plain text gets a clear 415.
  app.removeContentTypeParser('text/plain')
  // For preflights alone: the plugin's own route is the only one in its scope, and what other answers carry never changes.
  await app.register(async (scope) => {
    await scope.register(cors, {
      // A bare OPTIONS is answered like any other.
      strictPreflight: false,
      methods: ['GET', 'POST'],
      allowedHeaders: ['content-type', 'authorization', 'idempotency-key', 'x-dosti-key', 'x-dosti-visitor'],
      maxAge: 86_400,
    })
  })
  routeChat(app, deps)
  // Only the console has a cookie; the chat routes need not look for one.
  await app.register(async (scope) => {
    await scope.register(cookie)
    routeOperations(scope, deps)
  })
  const document = openApi(cookieName(config))
  app.get('/api/openapi.json', async () => document)
  registerHealth(app, {
    required: { postgres: () => db.ready() },
    optional: { redis: () => bus.ping() },
    registry: metrics.registry,
    metricsToken: config.METRICS_TOKEN,
    draining: () => isClosing,
  })
  return app
}
