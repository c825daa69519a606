/** Nothing typed is lost or doubled, whatever becomes of tabs and lines. */
import type { StoredEvent } from '@dosti/contracts'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPage, openWidget, startBrowserWorld, type BrowserWorld } from './support/browser.ts'
import { overRest, signIn, until, type Person } from './support/people.ts'

let world: BrowserWorld
let agent: Person
beforeAll(async () => {
  world = await startBrowserWorld()
  agent = overRest(world.api, { cookie: await signIn(world.api, world.acme.agents[0]) })
})
afterAll(() => world.close())

const say = async (page: Page, text: string): Promise<void> => {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.getByRole('textbox', { name: 'Message' }).press('Enter')
}
const log = (page: Page) => page.getByRole('log', { name: 'Messages' })

/** The id that the server made for the visitor of this page. */
async function visitorOf(page: Page): Promise<string> {
  const held = await page.evaluate((key) => localStorage.getItem(`dosti:visitor:${key}`), world.acme.publicKey)
  return String((JSON.parse(held ?? '{}') as { visitorId?: string }).visitorId)
}

/** Every message of a visitor in the order of its stream. */
async function messagesOf(visitorId: string): Promise<string[]> {
  const reply = await agent.ask('conversation.sync', { visitorId, limit: 500 })
  if (!reply.ok) throw new Error(reply.error.code)
  return (reply.data['events'] as StoredEvent[]).flatMap((event) =>
    event.name === 'message.sent' ? [event.data.text] : [],
  )
}

/** Opens the widget and writes a first message; the visitor's id once it is stored. */
async function begin(page: Page, text: string): Promise<string> {
  await openWidget(page)
  await say(page, text)
  const visitorId = await until(async () => {
    const id = await visitorOf(page)
    return id !== 'undefined' && id
  }, 'the visitor’s id')
  await until(async () => (await messagesOf(visitorId).catch(() => [])).length === 1, 'the first message')
  return visitorId
}

describe('several tabs of one visitor', () => {
  it('D2 D3 written in two tabs without a network, one of them closed: each stored once, each tab in its order', async () => {
    const first = await openPage(world, world.site, { expected: [/ERR_INTERNET_DISCONNECTED/] })
    const visitorId = await begin(first, 'hello')
    const second = await first.context().newPage()
    await second.goto(world.site)
    await openWidget(second)
    await log(second).getByText('hello').waitFor()
    await first.context().setOffline(true)
    const written = ['first 1', 'second 1', 'first 2', 'second 2', 'first 3']
    for (const text of written) await say(text.startsWith('first') ? first : second, text)
    for (const text of written) {
      await log(first).getByText(text).waitFor()
      await log(second).getByText(text).waitFor()
    }
    await first.close()
    await second.context().setOffline(false)
    await until(async () => (await messagesOf(visitorId)).length >= 6, 'all messages', 40_000)
    await log(second)
      .getByText(/sending/i)
      .first()
      .waitFor({ state: 'detached' })
    const stored = await messagesOf(visitorId)
    expect(stored.toSorted()).toEqual(['hello', ...written].toSorted())
    for (const tab of ['first', 'second']) {
      expect(stored.filter((text) => text.startsWith(tab))).toEqual(written.filter((text) => text.startsWith(tab)))
    }
    for (const text of written) expect(await log(second).getByText(text, { exact: true }).count()).toBe(1)
  }, 90_000)
})

describe('a visitor who goes on to the next page', () => {
  it('what was not sent is sent from there, without a click', async () => {
    const page = await openPage(world, world.site, { expected: [/ERR_FAILED|ERR_INTERNET_DISCONNECTED|WebSocket/] })
    const visitorId = await begin(page, 'before')
    await page.context().setOffline(true)
    await say(page, 'on my way')
    await page.goto('about:blank')
    await page.context().setOffline(false)
    await page.goto(world.site)
    await until(async () => (await messagesOf(visitorId)).includes('on my way'), 'the message', 20_000)
    expect(await messagesOf(visitorId)).toEqual(['before', 'on my way'])
    expect(await page.getByRole('dialog', { name: 'Chat' }).isVisible()).toBe(false)
  }, 60_000)

  it('a page that emptied its storage goes on with the same visitor', async () => {
    const page = await openPage(world, world.site, { expected: [/ERR_INTERNET_DISCONNECTED/] })
    const visitorId = await begin(page, 'one')
    await page.evaluate(() => localStorage.clear())
    await page.context().setOffline(true)
    await say(page, 'two')
    await page.context().setOffline(false)
    await until(async () => (await messagesOf(visitorId)).includes('two'), 'the second message', 20_000)
    expect(await messagesOf(visitorId)).toEqual(['one', 'two'])
  }, 60_000)
})

describe('a network that lets nothing through to the gateway but files', () => {
  it('messages go over HTTP and answers arrive, each once; the line takes over once it comes about', async () => {
    const blocked = /ERR_FAILED|WebSocket connection/
    const page = await openPage(world, world.site, { expected: [blocked] })
    let isBlocked = true
    await page.route(
      (url) => url.origin === world.gateway && !url.pathname.startsWith('/widget'),
      (route) => (isBlocked ? route.abort() : route.continue()),
    )
    let linesThrough = 0
    await page.routeWebSocket(/\/socket\.io\//, async (socket) => {
      if (isBlocked) return socket.close()
      linesThrough += 1
      socket.connectToServer()
    })
    await openWidget(page)
    await say(page, 'Is anybody there?')
    await page.getByText('Limited connection').waitFor({ timeout: 30_000 })
    const visitorId = await visitorOf(page)
    await until(async () => (await messagesOf(visitorId).catch(() => [])).length === 1, 'the message', 20_000)
    await agent.ask('message.send', { visitorId, text: 'We are here.' })
    await log(page).getByText('We are here.').waitFor({ timeout: 20_000 })
    await say(page, 'Good to know')
    await until(async () => (await messagesOf(visitorId)).length === 3, 'the second message', 20_000)
    expect(linesThrough).toBe(0)
    isBlocked = false
    await page.getByText('Connected again').waitFor({ timeout: 40_000 })
    await agent.ask('message.send', { visitorId, text: 'Now told live.' })
    await log(page).getByText('Now told live.').waitFor({ timeout: 2000 })
    const said = ['Is anybody there?', 'We are here.', 'Good to know', 'Now told live.']
    expect(await messagesOf(visitorId)).toEqual(said)
    for (const text of said) expect(await log(page).getByText(text, { exact: true }).count()).toBe(1)
  }, 150_000)
})
