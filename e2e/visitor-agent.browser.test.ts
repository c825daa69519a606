/** A visitor's widget and an agent's console, side by side in a real browser. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openConsole, openPage, openWidget, startBrowserWorld, type BrowserWorld } from './support/browser.ts'
import { post, socketIo, until } from './support/people.ts'

let world: BrowserWorld
beforeAll(async () => {
  world = await startBrowserWorld()
})
afterAll(() => world.close())

const say = async (page: Page, text: string): Promise<void> => {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
}
const log = (page: Page) => page.getByRole('log', { name: 'Messages' })
const list = (page: Page) => page.getByRole('list', { name: 'Conversations' })
const visitor = async (expected: RegExp[] = []): Promise<Page> => {
  const page = await openPage(world, world.site, { expected })
  await openWidget(page)
  return page
}
const agent = (index: 0 | 1 = 0): Promise<Page> => openConsole(world, world.acme.agents[index])
const answer = async (page: Page, text: string): Promise<void> => {
  await page.getByRole('textbox', { name: 'Reply' }).fill(text)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
}

describe('a visitor and an agent', () => {
  it('talk, see each other type, and see each message once', async () => {
    const [page, inbox] = await Promise.all([visitor(), agent()])
    await say(page, 'Where is my order?')
    await list(inbox).getByText('Where is my order?').click()
    await log(page).getByText('Aisha joined').waitFor()
    await inbox.getByRole('textbox', { name: 'Reply' }).pressSequentially('Let me')
    await page
      .getByText(/Aisha is typing/i)
      .first()
      .waitFor({ state: 'attached' })
    await answer(inbox, 'Let me look.')
    await log(page).getByText('Let me look.').waitFor()
    await page.getByRole('textbox', { name: 'Message' }).pressSequentially('Tha')
    await inbox
      .getByText(/typing/i)
      .first()
      .waitFor({ state: 'attached' })
    await say(page, 'Thanks!')
    await log(inbox).getByText('Thanks!').waitFor()
    for (const [on, texts] of [
      [page, ['Where is my order?', 'Let me look.', 'Thanks!']],
      [inbox, ['Where is my order?', 'Let me look.', 'Thanks!']],
    ] as const) {
      for (const text of texts) expect(await log(on).getByText(text, { exact: true }).count()).toBe(1)
    }
  })

  it('a returning visitor finds the history, in the same place', async () => {
    const page = await visitor()
    await say(page, 'Remember me')
    await log(page).getByText('Remember me').waitFor()
    await log(page)
      .getByText(/sending/i)
      .waitFor({ state: 'detached' })
    await page.reload()
    await openWidget(page)
    await log(page).getByText('Remember me').waitFor()
    expect(await log(page).getByText('Remember me').count()).toBe(1)
  })

  it('two tabs of one visitor show the same thread live', async () => {
    const first = await visitor()
    await say(first, 'From the first tab')
    await log(first).getByText('From the first tab').waitFor()
    const second = await first.context().newPage()
    await second.goto(world.site)
    await openWidget(second)
    await log(second).getByText('From the first tab').waitFor()
    await say(second, 'From the second tab')
    await log(first).getByText('From the second tab').waitFor()
    expect(await log(first).getByText('From the second tab').count()).toBe(1)
  })

  it('P2 a note stays with the agents', async () => {
    const [page, inbox] = await Promise.all([visitor(), agent()])
    await say(page, 'A question for notes')
    await list(inbox).getByText('A question for notes').click()
    await inbox.getByRole('textbox', { name: 'Reply' }).waitFor()
    await inbox
      .getByRole('tab', { name: 'Note' })
      .or(inbox.getByRole('button', { name: 'Note', exact: true }))
      .or(inbox.getByRole('radio', { name: 'Note' }))
      .click()
    await inbox.getByRole('textbox', { name: 'Note' }).fill('He is a regular')
    await inbox.getByRole('button', { name: 'Add note' }).click()
    await log(inbox).getByText('He is a regular').waitFor()
    await inbox.getByRole('button', { name: 'Close conversation' }).click()
    await log(page)
      .getByText(/closed/i)
      .waitFor()
    expect(await page.content()).not.toContain('regular')
    expect(await log(page).getByText('regular').count()).toBe(0)
  })

  it('a message over each of the three roads is on the screen within a second, once', async () => {
    const inbox = await agent()
    const key = world.acme.publicKey
    const { socket } = await socketIo(world.gateway, { query: { apiKey: key, visitorId: 'by socket' } })
    const page = await visitor()
    const roads: [string, () => unknown][] = [
      ['over Socket.IO', () => socket.emit('send_message', { type: 'saas', message: 'over Socket.IO' })],
      [
        'over REST',
        () => post(`${world.api}/api/chat/send`, { apiKey: key, visitorId: 'by rest', message: 'over REST' }),
      ],
      ['over the widget', () => say(page, 'over the widget')],
    ]
    for (const [text, send] of roads) {
      const started = Date.now()
      await send()
      await list(inbox).getByText(text).waitFor({ timeout: 5000 })
      // The promise is a second; a loaded machine gets some grace.
      expect(Date.now() - started).toBeLessThan(3000)
      expect(await list(inbox).getByText(text).count()).toBe(1)
    }
  })
})

describe('the agent’s hands stay on the keyboard', () => {
  it('j and k move, Enter opens, r answers, n notes; letters in a text field are text', async () => {
    await post(`${world.api}/api/chat/send`, {
      apiKey: world.acme.publicKey,
      visitorId: 'key 1',
      visitorName: 'Kay',
      message: 'by keyboard',
    })
    const inbox = await agent()
    // The filter keeps the focus, and is not written into.
    await inbox.getByRole('radio', { name: 'Unassigned' }).click()
    await list(inbox).getByText('by keyboard').waitFor()
    await inbox.keyboard.press('j')
    await inbox.keyboard.press('Enter')
    await inbox.getByRole('textbox', { name: 'Reply' }).waitFor()
    await inbox.keyboard.press('Escape')
    await inbox.keyboard.press('n')
    await inbox.getByRole('textbox', { name: 'Note' }).waitFor()
    await inbox.keyboard.type('njk')
    expect(await inbox.getByRole('textbox', { name: 'Note' }).inputValue()).toBe('njk')
    await inbox.keyboard.press('Escape')
    await inbox.keyboard.press('r')
    await inbox.keyboard.type('answered by keyboard')
    await inbox.keyboard.press('Enter')
    await log(inbox).getByText('answered by keyboard').waitFor()
  })
})

describe('alerts', () => {
  it('an unattended visitor rings: a card with a way in, and the title counts', async () => {
    // Where nobody else waits: no more than three cards are shown.
    const inbox = await openConsole(world, world.other.agents[0])
    await post(`${world.api}/api/chat/send`, {
      apiKey: world.other.publicKey,
      visitorId: 'ringer',
      visitorName: 'Rania',
      message: 'Anybody?',
    })
    await inbox.getByText('is waiting').first().waitFor()
    await until(async () => /^\(\d+\)/.test(await inbox.title()), 'the title badge')
    await inbox.getByRole('button', { name: 'Open: Rania' }).click()
    await log(inbox).getByText('Anybody?').waitFor()
  })

  it('a visitor who was served while the line was away waits no more', async () => {
    const expected = [/ERR_INTERNET_DISCONNECTED/]
    const inbox = await openConsole(world, world.other.agents[0], { expected })
    await post(`${world.api}/api/chat/send`, {
      apiKey: world.other.publicKey,
      visitorId: 'patient',
      visitorName: 'Parveen',
      message: 'Still here',
    })
    const card = inbox.getByRole('button', { name: 'Open: Parveen' })
    await card.waitFor()
    await inbox.context().setOffline(true)
    const colleague = await openConsole(world, world.other.agents[1])
    await list(colleague).getByText('Still here').click()
    await colleague.getByRole('button', { name: 'Close conversation' }).click()
    await list(colleague).getByText('Still here').waitFor({ state: 'detached' })
    expect(await card.count()).toBe(1)
    await inbox.context().setOffline(false)
    await card.waitFor({ state: 'detached' })
  })
})

describe('the line breaks', () => {
  /** A visitor who lost the network after these words and wrote on, and the agent who reads the words. */
  const cutOffAfter = async (words: string, more: string) => {
    const [page, inbox] = await Promise.all([visitor([/ERR_INTERNET_DISCONNECTED/]), agent()])
    await say(page, words)
    await list(inbox).getByText(words).click()
    await log(inbox).getByText(words).waitFor()
    await page.context().setOffline(true)
    await say(page, more)
    await log(page).getByText(more).waitFor()
    return { page, inbox }
  }

  it('both sides say so, keep what is typed, and catch up', async () => {
    const { page, inbox } = await cutOffAfter('Before the tunnel', 'Written in the tunnel')
    await answer(inbox, 'Answered meanwhile')
    await page.context().setOffline(false)
    await log(page).getByText('Answered meanwhile').waitFor({ timeout: 40_000 })
    await log(inbox).getByText('Written in the tunnel').waitFor({ timeout: 40_000 })
    expect(await log(inbox).getByText('Written in the tunnel').count()).toBe(1)
    expect(await log(page).getByText('Answered meanwhile').count()).toBe(1)
  }, 90_000)

  it('an answer that came while a message waited stays unread', async () => {
    const { page, inbox } = await cutOffAfter('Before the lift', 'Still there?')
    await page.keyboard.press('Escape')
    await answer(inbox, 'Here I am')
    await log(inbox).getByText('Here I am').waitFor()
    await page.context().setOffline(false)
    await log(inbox).getByText('Still there?').waitFor({ timeout: 40_000 })
    const launcher = page.getByRole('button', { name: 'Open chat' })
    await until(async () => (await launcher.getAttribute('aria-description'))?.startsWith('1 '), 'the badge')
  }, 90_000)
})

describe('everybody can use it', () => {
  it.each(['light', 'dark'] as const)('axe finds nothing wrong: %s', async (colorScheme) => {
    const page = await openPage(world, world.site, { colorScheme, expected: [/ERR_INTERNET_DISCONNECTED/] })
    await openWidget(page)
    await say(page, 'Is this readable?')
    await log(page).getByText('Is this readable?').waitFor()
    const inbox = await openConsole(world, world.acme.agents[0], { colorScheme })
    await list(inbox).getByText('Is this readable?').first().click()
    await inbox.getByRole('textbox', { name: 'Reply' }).waitFor()
    await page.context().setOffline(true)
    await say(page, 'And while it is on its way?')
    await log(page).getByText('Sending').waitFor()
    for (const on of [page, inbox]) {
      const { violations } = await new AxeBuilder({ page: on })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .analyze()
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
    }
  })
})
