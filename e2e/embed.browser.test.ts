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

describe('a page that changes under it', () => {
  it('keeps it however often the body is swapped, unless that is done at once', async () => {
    const page = await openPage(world, world.site)
    await launchers(page).waitFor()
    const swap = (times: number, everyMs: number) =>
      page.evaluate(
        async ([times, everyMs]) => {
          const { Date: RealDate } = globalThis
          let passed = RealDate.now()
          globalThis.Date = class extends RealDate {
            static override now = () => (passed += everyMs)
          } as DateConstructor
          for (let count = 0; count < times; count += 1) {
            document.body.replaceWith(document.createElement('body'))
            await new Promise((resolve) => setTimeout(resolve))
          }
          globalThis.Date = RealDate
        },
        [times, everyMs] as const,
      )
    await page.evaluate(() => document.head.append(document.querySelector('script[data-key]') ?? ''))
    await swap(30, 5000)
    expect(await launchers(page).count()).toBe(1)
    await swap(30, 10)
    expect(await launchers(page).count()).toBe(0)
  })

  it('takes no copy of its element for a widget', async () => {
    const page = await openPage(world, world.site)
    await launchers(page).waitFor()
    await page.evaluate(async () => {
      const tag = document.querySelector<HTMLScriptElement>('script[data-key]')
      const copy = document.querySelector('dosti-chat')?.cloneNode(true) ?? ''
      const again = document.createElement('script')
      Object.assign(again.dataset, tag?.dataset)
      again.src = tag?.src ?? ''
      tag?.remove()
      await new Promise((resolve) => setTimeout(resolve))
      document.body.append(copy, again)
    })
    await launchers(page).waitFor()
    expect(await page.locator('dosti-chat').count()).toBe(2)
    expect(await launchers(page).count()).toBe(1)
  })
})

describe('a conversation that is longer than the panel', () => {
  it('scrolls in the log alone, and a button that goes away leaves the focus in the chat', async () => {
    const page = await openPage(world, world.site)
    await openWidget(page)
    const chat = page.getByRole('dialog', { name: 'Chat' })
    const textbox = chat.getByRole('textbox', { name: 'Message' })
    for (const word of ['one', 'two', 'three', 'four']) {
      await textbox.fill(`${word}\n`.repeat(15))
      await page.keyboard.press('Enter')
    }
    const log = chat.getByRole('log', { name: 'Messages' })
    await log.getByText('four').waitFor()
    expect(await log.evaluate((element) => element.scrollHeight > element.clientHeight)).toBe(true)
    expect(await chat.evaluate((element) => element.scrollHeight - element.clientHeight)).toBe(0)
    await log.evaluate((element) => element.scrollTo(0, 0))
    await chat.getByRole('button', { name: 'Latest messages' }).press('Enter')
    await chat.getByRole('button', { name: 'Latest messages' }).waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')
    await chat.waitFor({ state: 'hidden' })
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
