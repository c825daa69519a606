/** P2 and P3: nothing internal reaches a visitor, nothing of one workspace reaches another, on any road. */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  hear,
  overRest,
  overSocketIo,
  overWebSocket,
  post,
  quiet,
  signIn,
  socketIo,
  ticketOf,
} from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
let cookie: string
let otherCookie: string
beforeAll(async () => {
  world = await startWorld({ env: { LIMITS: 'off' } })
  ;[cookie, otherCookie] = await Promise.all([
    signIn(world.api, world.acme.agents[0]),
    signIn(world.api, world.other.agents[0]),
  ])
})

const SECRET = 'SECRET-NOTE-7f3a'
const send = (visitorId: string, message: string, workspace = world.acme) =>
  post(`${world.api}/api/chat/send`, { apiKey: workspace.publicKey, visitorId, message })

describe('P2 a note is seen on no road of a visitor', () => {
  it('not by push, sync, poll, nor as a gap in the numbers', async () => {
    const visitorId = 'curious'
    await send(visitorId, 'first')
    const key = world.acme.publicKey
    const published = await socketIo(world.gateway, { query: { apiKey: key, visitorId } })
    const extended = await overSocketIo(world.gateway, { key, visitorId })
    const raw = await overWebSocket(world.gateway, { key, visitorId })
    const rest = overRest(world.api, { 'x-dosti-key': key, 'x-dosti-visitor': visitorId })
    const agent = await overSocketIo(world.gateway, { ticket: await ticketOf(world.api, cookie) })

    await agent.ask('note.add', { visitorId, text: SECRET })
    await agent.ask('conversation.assign', { visitorId, agentId: 'agt_bilal' })
    await agent.ask('message.send', { visitorId, text: 'an answer' })
    await agent.ask('note.add', { visitorId, text: SECRET })
    await send(visitorId, 'last')

    await hear(extended, 'message.sent', 2)
    await hear(raw, 'message.sent', 2)
    await hear(published, 'receive_message')
    await quiet()
    const seen = [
      published.heard,
      extended.heard,
      raw.heard,
      await rest.ask('conversation.sync'),
      await extended.ask('conversation.sync', { internalAfter: 0, after: 0 }),
      await raw.ask('conversation.sync', { limit: 500 }),
      (await post(`${world.api}/api/chat/poll`, { apiKey: key, visitorId })).body,
      (await post(`${world.api}/api/chat/poll`, { apiKey: key, visitorId, lastTimestamp: 1 })).body,
    ]
    const bytes = JSON.stringify(seen)
    for (const word of [SECRET, 'note', 'assigned', 'assignee', 'internal', 'unread', 'Bilal'])
      expect(bytes).not.toContain(word)
    // The agents did see all of it.
    expect(JSON.stringify(agent.heard).split(SECRET)).toHaveLength(3)
    const page = (await rest.ask('conversation.sync')) as unknown as { data: { events: { seq: number }[] } }
    expect(page.data.events.map(({ seq }) => seq)).toEqual(page.data.events.map((_event, index) => index + 1))
  })
})

describe('P3 two workspaces with the same visitor id', () => {
  it('share nothing', async () => {
    const visitorId = 'user_42'
    const foreign = await overSocketIo(world.gateway, { ticket: await ticketOf(world.api, otherCookie) })
    const foreignVisitor = await overSocketIo(world.gateway, { key: world.other.publicKey, visitorId })
    const own = await overSocketIo(world.gateway, { ticket: await ticketOf(world.api, cookie) })
    await send(visitorId, SECRET)
    await own.ask('message.send', { visitorId, text: SECRET })
    await own.ask('typing.set', { visitorId, typing: true })
    await hear(own, 'message.sent', 2)
    await quiet()
    expect(foreign.heard.filter(({ name }) => name !== 'welcome')).toEqual([])
    expect(foreignVisitor.heard.filter(({ name }) => name !== 'welcome')).toEqual([])
    expect(await foreign.ask('conversation.sync', { visitorId })).toMatchObject({
      ok: false,
      error: { code: 'conversation.not_found' },
    })
    expect(await foreign.ask('message.send', { visitorId, text: 'hijack' })).toMatchObject({
      error: { code: 'conversation.not_found' },
    })
    expect(await foreign.ask('conversation.close', { visitorId })).toMatchObject({
      error: { code: 'conversation.not_found' },
    })
    expect(JSON.stringify(await foreign.ask('conversation.list', {}))).not.toContain(SECRET)
    expect(await foreignVisitor.ask('conversation.sync')).toMatchObject({ ok: true, data: { events: [] } })
    await send(visitorId, 'theirs', world.other)
    expect(
      (await post(`${world.api}/api/chat/poll`, { apiKey: world.other.publicKey, visitorId })).body['messages'],
    ).toMatchObject([{ message: 'theirs' }])
  })

  it('an agent cannot be given a conversation of another workspace', async () => {
    await send('assignable', 'x')
    const agent = overRest(world.api, { cookie })
    expect(await agent.ask('conversation.assign', { visitorId: 'assignable', agentId: 'agt_carla' })).toMatchObject({
      error: { code: 'agent.not_found' },
    })
  })
})

describe('P1 rooms follow from who one is', () => {
  it('a visitor hears of no other visitor, whatever its id looks like', async () => {
    const key = world.acme.publicKey
    const listeners = await Promise.all(
      ['agents:wsp_acme', 'wsp_acme:victim', 'published:visitor:wsp_acme:victim', ':victim'].map((visitorId) =>
        overSocketIo(world.gateway, { key, visitorId }),
      ),
    )
    await send('victim', SECRET)
    await quiet()
    for (const { heard } of listeners) expect(JSON.stringify(heard)).not.toContain(SECRET)
  })
})
