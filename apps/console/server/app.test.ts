import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '@dosti/runtime'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildConsole } from './app.ts'
import { configSchema } from './config.ts'

const dist = mkdtempSync(join(tmpdir(), 'console-'))
const seen: { url: string | undefined; forwarded: unknown; body: string }[] = []
let api: Server
let apiStatus = 200
let app: FastifyInstance

beforeAll(async () => {
  mkdirSync(join(dist, 'assets'))
  writeFileSync(join(dist, 'index.html'), '<!doctype html><title>Dosti</title>')
  writeFileSync(join(dist, 'assets/index-abc.js'), 'export {}')
  api = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      seen.push({ url: request.url, forwarded: request.headers['x-forwarded-for'], body })
      response
        .writeHead(apiStatus, {
          'content-type': 'application/json',
          'set-cookie': 'session=1; HttpOnly',
          'retry-after': '1',
        })
        .end('{"ok":true}')
    })
  })
  await new Promise<void>((done) => api.listen(0, '127.0.0.1', done))
  const { port } = api.address() as AddressInfo
  app = await buildConsole({
    config: configOf(`http://127.0.0.1:${port}`),
    log: createLogger('console', 'silent'),
    dist,
  })
})

afterAll(async () => {
  await app.close()
  api.close()
  rmSync(dist, { recursive: true })
})

const configOf = (apiUrl: string) =>
  configSchema.parse({ PORT: '0', API_URL: apiUrl, GATEWAY_URL: 'https://api.example' })

test.each(['/', '/login', '/inbox', '/inbox/vis_1', '/inbox/a%2Fb', '/inbox/%D9%85'])(
  '%s is the app, never cached, with a policy that forbids anything inline',
  async (url) => {
    const { statusCode, headers, body } = await app.inject({ url })
    expect(statusCode).toBe(200)
    expect(body).toContain('<title>Dosti</title>')
    expect(headers['cache-control']).toBe('no-cache')
    const policy = String(headers['content-security-policy'])
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("connect-src 'self' https://api.example wss://api.example")
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'strict-origin-when-cross-origin',
    })
  },
)

test('a file with a hash in its name is kept for good', async () => {
  const { statusCode, headers } = await app.inject({ url: '/assets/index-abc.js' })
  expect(statusCode).toBe(200)
  expect(headers['cache-control']).toContain('immutable')
})

test('a person at an address that does not exist gets the app, with the status that says so', async () => {
  const { statusCode, headers } = await app.inject({ url: '/nope', headers: { accept: 'text/html,*/*' } })
  expect([statusCode, headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
})

test('what is not there is 404 in JSON, outside the files too', async () => {
  for (const url of ['/nope', '/assets/nope.js', '/assets/..%2findex.html', '/assets/%2e%2e/server/main.ts']) {
    const { statusCode, body } = await app.inject({ url })
    expect(statusCode).toBeGreaterThanOrEqual(400)
    expect(statusCode).toBeLessThan(500)
    expect(JSON.parse(body)).toMatchObject({ ok: false })
  }
})

test('the app learns the gateway and the installation', async () => {
  const { body } = await app.inject({ url: '/config.json' })
  expect(JSON.parse(body)).toEqual({ gateway: 'https://api.example', installation: 'main' })
})

test('the api gets the request as it is, with the true address, and its cookie comes back', async () => {
  const { statusCode, headers } = await app.inject({
    method: 'POST',
    url: '/api/v1/session.start?x=1',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' },
    payload: '{"email":"a@b.example"}',
  })
  expect(statusCode).toBe(200)
  expect(headers['set-cookie']).toBe('session=1; HttpOnly')
  expect(seen.at(-1)).toEqual({
    url: '/api/v1/session.start?x=1',
    forwarded: '127.0.0.1',
    body: '{"email":"a@b.example"}',
  })
})

test('D8 a refusal of the api is handed on, and asked for once', async () => {
  apiStatus = 503
  const before = seen.length
  const { statusCode } = await app.inject({ url: '/api/chat/poll?apiKey=x' })
  apiStatus = 200
  expect([statusCode, seen.length - before]).toEqual([503, 1])
})

test('while the api is away every answer is JSON with its code, and success where the chat pipeline promises it', async () => {
  const lonely = await buildConsole({
    config: configOf('http://127.0.0.1:1'),
    log: createLogger('console', 'silent'),
    dist,
  })
  // Over a real socket: the proxy streams the body, which an injected request does not survive.
  const address = await lonely.listen({ host: '127.0.0.1', port: 0 })
  const operation = await fetch(`${address}/api/v1/session.show`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
  expect(operation.status).toBe(503)
  expect(await operation.json()).toMatchObject({
    ok: false,
    error: { code: 'service.unavailable', retryAfterMs: 1000 },
  })
  const poll = await fetch(`${address}/api/chat/poll?apiKey=x`)
  expect(poll.status).toBe(503)
  expect(await poll.json()).toMatchObject({ success: false, error: { code: 'service.unavailable' } })
  const ready = await fetch(`${address}/readyz`)
  expect(await ready.json()).toMatchObject({ status: 'degraded', checks: { app: 'ok', api: 'away' } })
  await lonely.close()
})
