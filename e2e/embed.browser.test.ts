/** The customer's page is sacred: one tag, no leaks, nothing left behind. */
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPage, openWidget, startBrowserWorld, type BrowserWorld } from './support/browser.ts'

let world: BrowserWorld
beforeAll(async () => {
  world = await startBrowserWorld()
})
afterAll(() => world.close())

const launchers = (page: Page) => page.getByRole('button', { name: 'Open chat' })
const globals = (page: Page): Promise<string[]> => page.evaluate(() => Object.getOwnPropertyNames(window).sort())

describe('one script tag', () => {
  it('before the first click: one request, no socket, no global, no shift of the layout', async () => {
    const context = await world.browser.newContext()
    const page = await context.newPage()
    const requests: string[] = []
    let sockets = 0
    page.on('request', (request) => requests.push(request.url()))
    page.on('websocket', () => {
      sockets += 1
    })
    await page.route('**/widget.js', (route) => route.abort(), { times: 1 })
    await page.goto(world.site)
    const before = await globals(page)
    requests.length = 0
    await page.goto(world.site)
    await launchers(page).waitFor()
    const shift = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          new PerformanceObserver((entries) =>
            resolve(
              entries.getEntries().reduce((sum, entry) => sum + (entry as unknown as { value: number }).value, 0),
            ),
          ).observe({ type: 'layout-shift', buffered: true })
          setTimeout(() => resolve(0), 500)
        }),
    )
    expect(requests.filter((url) => url.startsWith(world.gateway) || url.startsWith(world.api))).toEqual([
      `${world.gateway}/widget.js`,
    ])
    expect(sockets).toBe(0)
    expect(await globals(page)).toEqual(before)
    expect(shift).toBe(0)
    await context.close()
  })

  it('is cached: the loader by ETag, its parts for ever', async () => {
    const loader = await fetch(`${world.gateway}/widget.js`)
    const again = await fetch(`${world.gateway}/widget.js`, {
      headers: { 'if-none-match': loader.headers.get('etag') ?? '' },
    })
    expect([loader.status, again.status]).toEqual([200, 304])
    const name = /chat\.[\w-]+\.js/.exec(await loader.text())?.[0]
    const part = await fetch(`${world.gateway}/widget/${name}`)
    expect(part.status).toBe(200)
    expect(part.headers.get('cache-control')).toContain('immutable')
    expect((await fetch(`${world.gateway}/widget/chat.000.js`)).status).toBe(404)
    const older = await fetch(`${world.gateway}/widget/chat.0123456789ab.js`)
    expect([older.status, await older.text()]).toEqual([200, await part.text()])
    expect(older.headers.get('cache-control')).toBe('public, no-cache')
  })

  it('opens and closes by keyboard; the focus comes back', async () => {
    const page = await openPage(world, world.site)
    await launchers(page).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Message' }).waitFor()
    await page.waitForFunction(
      () => (document.activeElement?.shadowRoot?.activeElement ?? document.activeElement)?.tagName === 'TEXTAREA',
    )
    await page.keyboard.press('Escape')
    await page.getByRole('dialog', { name: 'Chat' }).waitFor({ state: 'hidden' })
    expect(
      await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.getAttribute('aria-label')),
    ).toBe('Open chat')
  })

  it('a wrong key is explained, not hidden', async () => {
    const page = await openPage(world, world.site, { expected: [/401/] })
    await page.evaluate(
      (key) => {
        const tag = document.querySelector<HTMLScriptElement>('script[data-key]')
        const wrong = document.createElement('script')
        wrong.dataset['key'] = key
        wrong.src = tag?.src ?? ''
        tag?.replaceWith(wrong)
      },
      `dosti_pub_${'x'.repeat(32)}`,
    )
    await launchers(page).click()
    await page.getByRole('dialog', { name: 'Chat' }).getByText(/key/i).first().waitFor()
  })

  it('removing the tag removes the widget, its socket and its listeners', async () => {
    const page = await openPage(world, world.site)
    await openWidget(page)
    const hosts = await page.evaluate(() => document.body.children.length)
    await page.evaluate(() => document.querySelector('script[data-key]')?.remove())
    await launchers(page).waitFor({ state: 'detached' })
    expect(await page.getByRole('dialog', { name: 'Chat' }).count()).toBe(0)
    expect(await page.evaluate(() => document.body.children.length)).toBeLessThan(hosts)
  })
})

describe('the React sample of the guide, in StrictMode', () => {
  it('mounts once, however often it mounts', async () => {
    const page = await openPage(world, `${world.site}/react`)
    await launchers(page).waitFor()
    expect(await launchers(page).count()).toBe(1)
    const toggle = page.getByRole('button', { name: /mount/i }).first()
    for (let round = 0; round < 5; round += 1) {
      await toggle.click()
      await launchers(page).waitFor({ state: 'detached' })
      await toggle.click()
      await launchers(page).waitFor()
      expect(await launchers(page).count()).toBe(1)
    }
    await openWidget(page)
    await page.getByRole('textbox', { name: 'Message' }).fill('Hello from React')
    await page.keyboard.press('Enter')
    await page.getByRole('log', { name: 'Messages' }).getByText('Hello from React').waitFor()
  })
})
