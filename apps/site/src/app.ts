/** A page of a made-up shop with the widget on it, as the integration guide says, under a strict Content-Security-Policy. */
import { readFileSync } from 'node:fs'
import { createHttp, createMetrics, registerHealth, type Logger } from '@dosti/runtime'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Config } from './config.ts'
import { contentSecurityPolicy } from './content-security-policy.ts'

const pages = new URL('../pages/', import.meta.url)
const dist = new URL('../dist/', import.meta.url)

/** The site without an open port. */
export function buildSite({ config, log }: { config: Config; log: Logger }): FastifyInstance {
  const app = createHttp({ log })
  registerHealth(app, { registry: createMetrics('site').registry, metricsToken: config.METRICS_TOKEN })
  const policy = contentSecurityPolicy(config)
  const page = (name: string) => {
    const html = withWidget(readFileSync(new URL(name, pages), 'utf8'), config)
    return async (_request: unknown, reply: FastifyReply) =>
      reply
        .header('content-security-policy', await policy())
        .header('referrer-policy', 'strict-origin-when-cross-origin')
        .header('cache-control', 'no-cache')
        .type('text/html; charset=utf-8')
        .send(html)
  }
  const asset = (url: URL, type: string) => {
    const text = readFileSync(url, 'utf8')
    return (_request: unknown, reply: FastifyReply) => reply.header('cache-control', 'no-cache').type(type).send(text)
  }
  app.get('/', page('shop.html'))
  app.get('/react', page('react.html'))
  app.get('/site.css', asset(new URL('site.css', pages), 'text/css; charset=utf-8'))
  for (const name of ['lamp', 'table', 'cushion', 'tray', 'icon'])
    app.get(`/${name}.svg`, asset(new URL(`${name}.svg`, pages), 'image/svg+xml'))
  // Read at each request: the bundle may be built after the server started.
  app.get('/react.js', (_request, reply) =>
    reply
      .header('cache-control', 'no-cache')
      .type('text/javascript; charset=utf-8')
      .send(asInstalled(readFileSync(new URL('react.js', dist), 'utf8'), config)),
  )
  return app
}

/** A page with the script tag of the integration guide, letter for letter but for host and key. */
function withWidget(html: string, { GATEWAY_URL, PUBLIC_KEY }: Config): string {
  const tag = `<script src="${attribute(origin(GATEWAY_URL))}/widget.js" data-key="${attribute(PUBLIC_KEY)}"> </script>`
  return html.replace('<!-- The script tag of the integration guide is put here. -->', () => tag)
}

/** The integration guide's sample with only host and key changed, as its reader would. */
function asInstalled(code: string, { GATEWAY_URL, PUBLIC_KEY }: Config): string {
  return code
    .replaceAll('https://api.dosti.space', origin(GATEWAY_URL))
    .replaceAll('YOUR_PUBLIC_API_KEY', encodeURI(PUBLIC_KEY))
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}

function origin(url: string): string {
  return new URL(url).origin
}
