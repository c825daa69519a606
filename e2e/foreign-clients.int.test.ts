/** Clients that others wrote, with the guide's samples unchanged but for host and key. */
import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import ioV2 from 'socket.io-client-v2'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hear, overSocketIo, signIn, ticketOf, until, type Heard, type Person } from './support/people.ts'
import { startWorld, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})

const run = promisify(execFile)
const agent = async (): Promise<Person> =>
  overSocketIo(world.gateway, { ticket: await ticketOf(world.api, await signIn(world.api, world.acme.agents[0])) })
/** A sample of the guide for this world: host and key, and nothing else, are replaced. */
const sample = async (file: string): Promise<string> =>
  (await readFile(new URL(`guide/${file}`, import.meta.url), 'utf8'))
    .replaceAll('https://business.dosti.space', world.api)
    .replaceAll('https://api.dosti.space', world.gateway)
    .replaceAll('YOUR_PUBLIC_API_KEY', world.acme.publicKey)

describe('the guide’s samples', () => {
  it('PHP sends and polls', async () => {
    const listener = await agent()
    const { stdout } = await run('php', ['-r', (await sample('chat.php')).replace('<?php', '').replace('?>', '')])
    expect(stdout).toBe('You: Hello from PHP!\n')
    expect((await hear(listener, 'message.sent')).data).toMatchObject({
      visitorId: 'php_user_123',
      actor: { name: 'PHP Client' },
    })
  })

  it('curl sends, polls by GET and by POST', async () => {
    const { stdout } = await run('bash', ['-c', await sample('curl.sh')])
    const [sent, got, posted] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(sent).toMatchObject({ success: true, message: { sender: 'visitor', senderName: 'You' } })
    expect(got).toMatchObject({
      success: true,
      messages: [{ id: sent?.['id'], message: 'Hello from my custom chat interface!' }],
    })
    expect(posted).toEqual(got)
  })

  it('a Python Socket.IO client talks with an agent', async () => {
    const listener = await agent()
    const child = spawn('/usr/bin/python3', ['-c', await sample('client.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill())
    const heard: Heard[] = []
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [name, data] = JSON.parse(line) as [string, Record<string, unknown>]
      heard.push({ name, data })
    })
    expect((await hear({ heard }, 'reply')).data).toMatchObject({ success: true })
    await hear(listener, 'typing.started')
    expect((await hear(listener, 'message.sent')).data).toMatchObject({
      visitorId: 'python_user',
      actor: { name: 'Py' },
      data: { text: 'Hello from Python!' },
    })
    await talkBack(listener, 'python_user', heard)
    child.stdin.end('\n')
  })
})

describe('a Socket.IO v2 client', () => {
  it.each([
    ['default transports', {}],
    ['websocket only', { transports: ['websocket'] }],
    ['polling only', { transports: ['polling'] }],
  ])('talks with an agent: %s', async (name, options) => {
    const visitorId = `old ${name}`
    const listener = await agent()
    const { socket, heard } = old({ apiKey: world.acme.publicKey, role: 'visitor', visitorId }, options)
    await until(() => socket.connected, 'the old client to connect')
    const reply = await new Promise(
      (resolve) => void socket.emit('send_message', { type: 'saas', message: 'Hello from 2.5' }, resolve),
    )
    expect(reply).toMatchObject({ success: true, id: expect.stringMatching(/^msg_/) })
    expect((await hear(listener, 'message.sent')).data).toMatchObject({ visitorId, data: { text: 'Hello from 2.5' } })
    await talkBack(listener, visitorId, heard)
  })

  it('is told why it was refused', async () => {
    const { heard } = old({ apiKey: 'nonsense', visitorId: 'v' }, {})
    expect((await hear({ heard }, 'error')).data).toMatchObject({ code: 'key.malformed', message: expect.any(String) })
  })
})

/** The agent types, joins and answers; the client hears each as published. */
async function talkBack(listener: Person, visitorId: string, heard: Heard[]): Promise<void> {
  await listener.ask('typing.set', { visitorId, typing: true })
  expect((await hear({ heard }, 'partner_typing')).data).toEqual({ deviceId: 'agent' })
  await listener.ask('typing.set', { visitorId, typing: false })
  expect((await hear({ heard }, 'partner_stopped_typing')).data).toEqual({ deviceId: 'agent' })
  await listener.ask('message.send', { visitorId, text: 'Hi!' })
  expect((await hear({ heard }, 'agent_joined')).data).toEqual({ visitorId, agentName: 'Aisha' })
  expect((await hear({ heard }, 'receive_message')).data).toMatchObject({
    visitorId,
    visitorName: 'Support',
    message: 'Hi!',
  })
}

function old(
  query: Record<string, string>,
  options: object,
): { socket: { connected: boolean; emit: (...args: unknown[]) => unknown; close: () => void }; heard: Heard[] } {
  const socket = ioV2(world.gateway, { query, forceNew: true, reconnection: false, ...options })
  const heard: Heard[] = []
  for (const name of [
    'receive_message',
    'partner_typing',
    'partner_stopped_typing',
    'agent_joined',
    'error_message',
    'error',
  ]) {
    socket.on(name, (data: Record<string, unknown>) => heard.push({ name, data }))
  }
  onTestFinished(() => socket.close())
  return { socket, heard }
}
