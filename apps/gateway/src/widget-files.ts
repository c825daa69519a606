/** Serves the built widget from memory: small, compressed once, with ETags. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { DostiError } from '@dosti/contracts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

interface WidgetFile {
  etag: string
  bodies: { br: Buffer; gzip: Buffer; identity: Buffer }
  /** The name holds a hash of the content, so it never changes. */
  immutable: boolean
}

/** The chat, named by a hash of its content. */
const CHAT = /^chat\.[\da-f]{12}\.js$/

/** `/widget.js` and the parts it loads, `/widget/<file>`. */
export function serveWidget(app: FastifyInstance, folder: string): void {
  const files = readFiles(folder)
  const [chat] = [...files].filter(([name]) => CHAT.test(name)).map(([, file]) => file)
  // A page that is open since another build, or that another node served, asks for that one's chat: this one does as well, as long
  // as `mount` takes what it took.
  const ours = chat === undefined ? undefined : { ...chat, immutable: false }
  app.get('/widget.js', (request, reply) => send(files.get('widget.js'), request, reply))
  app.get<{ Params: { file: string } }>('/widget/:file', (request, reply) => {
    const { file } = request.params
    return send(files.get(file) ?? (CHAT.test(file) ? ours : undefined), request, reply)
  })
}

function readFiles(folder: string): Map<string, WidgetFile> {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.js')) : []
  return new Map(
    names.map((name) => {
      const identity = readFileSync(join(folder, name))
      const etag = `"${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}"`
      return [
        name,
        {
          etag,
          bodies: { br: brotliCompressSync(identity), gzip: gzipSync(identity, { level: 9 }), identity },
          immutable: name !== 'widget.js',
        },
      ]
    }),
  )
}

function send(file: WidgetFile | undefined, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!file)
    throw new DostiError('request.unknown', {
      message: 'There is no such file. If this is /widget.js, the widget has not been built.',
    })
  const encoding = encodingFor(request.headers['accept-encoding'])
  void reply
    .header('etag', file.etag)
    // The loader names the parts by hash: it must never be older than they are, so it is asked for anew, at the price of a 304.
    .header('cache-control', file.immutable ? 'public, max-age=31536000, immutable' : 'public, no-cache')
    .header('cross-origin-resource-policy', 'cross-origin')
    .header('vary', 'accept-encoding')
  if (request.headers['if-none-match']?.split(/,\s*/).some((tag) => tag.replace(/^W\//, '') === file.etag))
    return reply.code(304).send()
  if (encoding !== 'identity') void reply.header('content-encoding', encoding)
  return reply.type('text/javascript; charset=utf-8').send(file.bodies[encoding])
}

function encodingFor(accepted: string | undefined): keyof WidgetFile['bodies'] {
  if (accepted?.includes('br')) return 'br'
  return accepted?.includes('gzip') ? 'gzip' : 'identity'
}
