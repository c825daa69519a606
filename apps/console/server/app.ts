import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DostiError, ERRORS, toWireError, type WireError } from '@dosti/contracts'
import { createHttp, createMetrics, type Logger, registerHealth } from '@dosti/runtime'
import proxy from '@fastify/http-proxy'
import files from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from './config.ts'
import { securityHeaders } from './headers.ts'

export interface ConsoleOptions {
  config: Config
  log: Logger
  /** Where `vite build` put the app. */
  dist: string
  draining?: () => boolean
}

/** Addresses that the app itself resolves; every one of them gets the same page. */
const PAGES = ['/', '/login', '/inbox', '/inbox/*']

/** The console's server: the app's files, its configuration, and `/api` handed on to the api. Does not listen. */
export async function buildConsole({
  config,
  log,
  dist,
  draining = () => false,
}: ConsoleOptions): Promise<FastifyInstance> {
  const app = createHttp({ log, errorBody })
  const headers = securityHeaders(config.GATEWAY_URL)
  const { registry } = createMetrics('console')
  registerHealth(app, {
    required: { app: async () => assertBuilt(dist) },
    optional: { api: () => askApi(config.API_URL) },
    registry,
    metricsToken: config.METRICS_TOKEN,
    draining,
  })
  await proxyApi(app, config.API_URL)
  await serveApp(app, { config, dist, headers })
  return app
}

/** The chat pipeline promises `success` in every byte; everything else says `ok`. */
function errorBody(path: string, error: WireError): unknown {
  return path.startsWith('/api/chat/') ? { success: false, error } : { ok: false, error }
}

async function proxyApi(app: FastifyInstance, apiUrl: string): Promise<void> {
  await app.register(proxy, {
    upstream: apiUrl,
    prefix: '/api',
    rewritePrefix: '/api',
    // Whoever asked decides whether to ask again; left to itself the proxy asks ten times.
    retryMethods: [],
    replyOptions: {
      // The api counts limits by address: tell it whose request this is, and believe nothing that the browser claims.
      rewriteRequestHeaders: (request, headers) => ({ ...headers, 'x-forwarded-for': request.ip }),
      onError: (reply, { error }) => {
        app.log.warn({ err: error }, 'the api is away')
        const wire = toWireError(new DostiError('service.unavailable', { retryAfterMs: 1000 }), reply.request.id)
        void reply
          .code(ERRORS['service.unavailable'].status)
          .header('retry-after', '1')
          .send(errorBody(reply.request.url, wire))
      },
    },
  })
}

async function serveApp(
  app: FastifyInstance,
  { config, dist, headers }: { config: Config; dist: string; headers: Record<string, string> },
): Promise<void> {
  await app.register(files, {
    root: join(dist, 'assets'),
    prefix: '/assets/',
    // A file's name carries its content's hash.
    immutable: true,
    maxAge: '365d',
    index: false,
    setHeaders: (reply) => void reply.headers(headers),
  })
  const page = async (_request: FastifyRequest, reply: FastifyReply) =>
    reply.headers(headers).sendFile('index.html', dist, { cacheControl: false })
  for (const path of PAGES)
    app.get(path, { onRequest: async (_request, reply) => void reply.header('cache-control', 'no-cache') }, page)
  // A person at an address that does not exist gets the app, which says so; a program gets the plain refusal.
  app.get('/*', async (request, reply) => {
    if (!request.headers.accept?.includes('text/html')) return reply.callNotFound()
    return page(request, reply.code(404).header('cache-control', 'no-cache'))
  })
  for (const name of ['icon.svg', 'icon-alert.svg', 'theme.js']) {
    app.get(`/${name}`, async (_request, reply) =>
      reply.headers({ ...headers, 'cache-control': 'max-age=3600' }).sendFile(name, dist, { cacheControl: false }),
    )
  }
  app.get('/config.json', async (_request, reply) =>
    reply
      .headers({ ...headers, 'cache-control': 'no-store' })
      .send({ gateway: config.GATEWAY_URL, installation: config.INSTALLATION }),
  )
}

function assertBuilt(dist: string): void {
  if (!existsSync(join(dist, 'index.html'))) throw new Error('the app is not built')
}

async function askApi(apiUrl: string): Promise<void> {
  const response = await fetch(new URL('/healthz', apiUrl), { signal: AbortSignal.timeout(900) })
  if (!response.ok) throw new Error(`the api answered ${response.status}`)
}
