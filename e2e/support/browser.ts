/** A real Chromium over the real services: a visitor's page with the widget and an agent's console. */
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright'
import { startService } from '@dosti/testkit'
import { findChromium } from '@dosti/tooling'
import { onTestFinished } from 'vitest'
import { startWorld, type TestAgent, type World } from './world.ts'

export interface BrowserWorld extends World {
  console: string
  site: string
  browser: Browser
  close(): Promise<void>
}

// No background networking: a closed network refuses Chromium's own connections, many at a time.
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
]

/** A world with worker, console and demo site, and a browser to look at them. */
export async function startBrowserWorld(): Promise<BrowserWorld> {
  const [world, browser] = await Promise.all([startWorld({ env: { LIMITS: 'off' } }), launch()])
  const address = { API_URL: world.api, GATEWAY_URL: world.gateway, LOG_LEVEL: 'warn' }
  const [consoleServer, site] = await Promise.all([
    startService('apps/console/server/main.ts', { ...address, INSTALLATION: 'test' }),
    startService('apps/site/src/main.ts', { ...address, PUBLIC_KEY: world.acme.publicKey }),
    startService('apps/worker/src/main.ts', world.env),
  ])
  return { ...world, console: consoleServer.url, site: site.url, browser, close: () => browser.close() }
}

function launch(): Promise<Browser> {
  const executablePath = findChromium()
  return chromium.launch({ args: ARGUMENTS, ...(executablePath === undefined ? {} : { executablePath }) })
}

/** A page in a context of its own. Fails the test if the page throws, breaks its content policy, or logs an error nobody expects. */
export async function openPage(
  world: BrowserWorld,
  url: string,
  { expected = [], ...options }: Parameters<Browser['newContext']>[0] & { expected?: RegExp[] } = {},
): Promise<Page> {
  const context: BrowserContext = await world.browser.newContext(options)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  onTestFinished(async () => {
    await context.close()
    const unexpected = faults.filter((fault) => !expected.some((pattern) => pattern.test(fault)))
    if (unexpected.length > 0) throw new Error(`the page ${url} complained: ${unexpected.join(' | ')}`)
  })
  await page.goto(url)
  return page
}

/** The console, signed in, at its inbox. */
export async function openConsole(
  world: BrowserWorld,
  { email, password }: TestAgent,
  options: Parameters<typeof openPage>[2] = {},
): Promise<Page> {
  // Before the sign-in the session is asked for once and is not there.
  const page = await openPage(world, world.console, { ...options, expected: [...(options.expected ?? []), /401/] })
  const socket = page.waitForEvent('websocket', (opened) => opened.url().includes('/socket.io/'))
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/inbox**')
  // What is told before the server says welcome is not heard.
  await (await socket).waitForEvent('framereceived', ({ payload }) => payload.includes('welcome'))
  return page
}

/** The widget on a page, opened, ready to type. */
export async function openWidget(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Open chat' }).click()
  await page.getByRole('dialog', { name: 'Chat' }).getByRole('textbox', { name: 'Message' }).waitFor()
}
