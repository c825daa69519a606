/** Two agents at one computer: the browser has one session for all its tabs. */
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { openConsole, openPage, startBrowserWorld, type BrowserWorld } from './support/browser.ts'
import type { TestAgent } from './support/world.ts'

let world: BrowserWorld
beforeAll(async () => {
  world = await startBrowserWorld()
})
afterAll(() => world.close())

const signIn = async (page: Page, { email, password }: TestAgent): Promise<void> => {
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
const isAt = (page: Page, { name }: TestAgent): Promise<void> =>
  page
    .getByRole('button', { name: 'Account' })
    .and(page.getByTitle(new RegExp(`^${name},`)))
    .waitFor()

describe('a tab in which one agent works', () => {
  it('becomes the other’s when they sign in beside it', async () => {
    const [first, second] = world.acme.agents
    const form = await openPage(world, world.console, { expected: [/401/] })
    const tab = await form.context().newPage()
    await tab.goto(world.console)
    await signIn(tab, second)
    await isAt(tab, second)
    await signIn(form, first)
    await isAt(form, first)
    await isAt(tab, first)
  })

  it('looks whose session it is before it takes a new line', async () => {
    const [first, second] = world.acme.agents
    const tab = await openConsole(world, second, { expected: [/401/, /ERR_INTERNET_DISCONNECTED/] })
    await isAt(tab, second)
    await tab.context().request.post(`${world.console}/api/v1/session.start`, {
      data: { email: first.email, password: first.password },
      headers: { origin: world.console },
    })
    await isAt(tab, second)
    await tab.context().setOffline(true)
    await tab.context().setOffline(false)
    await isAt(tab, first)
  })
})
