import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { createLogger } from '@dosti/runtime'
import { afterEach, expect, test, vi } from 'vitest'
import { buildSite } from './app.ts'
import { configSchema } from './config.ts'

const KEY = 'dosti_pub_abcdefghijklmnopqrstuvwxyz012345'
const config = configSchema.parse({ PORT: '0', GATEWAY_URL: 'http://gateway.test:4000/', PUBLIC_KEY: KEY })
const site = () => buildSite({ config, log: createLogger('site', 'silent') })

afterEach(() => vi.unstubAllGlobals())

test('the shop carries the integration guide’s tag, letter for letter but for host and key', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new Error('down')))
  const { body } = await site().inject('/')
  expect(body).toContain(`<script src="http://gateway.test:4000/widget.js" data-key="${KEY}"> </script>`)
})

test('the policy allows the gateway and the api it names, and nothing inline', async () => {
  vi.stubGlobal('fetch', async () => Response.json({ api: 'http://api.test:4001', workspaceName: 'x' }))
  const policy = String((await site().inject('/')).headers['content-security-policy'])
  expect(policy).toContain("script-src 'self' http://gateway.test:4000;")
  expect(policy).toContain("connect-src 'self' http://gateway.test:4000 ws://gateway.test:4000 http://api.test:4001;")
  expect(policy).not.toContain('unsafe')
})

test('without a gateway the page is still there', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new Error('down')))
  expect((await site().inject('/')).statusCode).toBe(200)
  expect((await site().inject('/react')).statusCode).toBe(200)
  expect((await site().inject('/site.css')).statusCode).toBe(200)
})

test('the React sample is the guide’s, with only host and key changed', async () => {
  execFileSync(process.execPath, [join(import.meta.dirname, '../build.mjs')])
  const { body } = await site().inject('/react.js')
  expect(body).toContain('script.src = "http://gateway.test:4000/widget.js"')
  expect(body).toContain(`script.setAttribute("data-key", "${KEY}")`)
  expect(body).not.toContain('YOUR_PUBLIC_API_KEY')
  expect(body).not.toContain('api.dosti.space')
})
