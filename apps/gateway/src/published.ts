/** The integration guide over Socket.IO: a thin translation onto the same operations and events. */
import {
  publishedError,
  type FleetingEvent,
  type PublishedEvents,
  type PublishedReply,
  type Reply,
  type StoredEvent,
  type StoredEventOf,
  type ThreadPage,
} from '@dosti/contracts'
import type { Socket } from 'socket.io'
import type { Connection } from './connection.ts'

/** Published clients sit in rooms of their own, so that each event is worded once for all of them. A prefix: the end of a room is free text. */
export const publishedRoom = (room: string): string => `published:${room}`

/** Listens to what the guide lets a client say, and tells it who joined already. */
export function speakPublished(socket: Socket, connection: Connection): void {
  // Socket.IO lets numbers pass for names.
  socket.onAny((name: unknown, ...args: unknown[]) => void hear(socket, connection, String(name), args))
  if (connection.actor.kind === 'visitor' && !connection.actor.isNew) void greetAgain(socket, connection)
}

async function hear(socket: Socket, connection: Connection, name: string, args: unknown[]): Promise<void> {
  const reply = await replyTo(connection, name, args[0])
  if (reply === undefined) return
  const acknowledge = args.at(-1)
  if (typeof acknowledge === 'function') acknowledge(reply)
  else if (!reply.success) socket.emit('error_message', reply)
}

/** Nothing where the guide promises no answer. */
function replyTo(
  connection: Connection,
  name: string,
  given: unknown,
): Promise<PublishedReply | undefined> | PublishedReply {
  switch (name) {
    case 'send_message':
      return send(connection, given)
    case 'typing':
      return typing(connection, true)
    case 'stop_typing':
      return typing(connection, false)
    default:
      return {
        success: false,
        error: {
          code: 'request.unknown',
          message: `There is no event ${JSON.stringify(name.slice(0, 64))}. Send send_message, typing or stop_typing.`,
        },
      }
  }
}

async function typing(connection: Connection, on: boolean): Promise<PublishedReply | undefined> {
  const reply = await connection.ask('typing.set', { typing: on })
  return reply.ok ? undefined : { success: false, error: reply.error }
}

async function send(connection: Connection, given: unknown): Promise<PublishedReply> {
  const { message, clientMessageId } = (typeof given === 'object' && given !== null ? given : {}) as Record<
    string,
    unknown
  >
  // Parsed once, behind the door; null is what a client without the field may send for it.
  const input = { text: message, ...((clientMessageId ?? undefined) === undefined ? {} : { clientMessageId }) }
  const reply = (await connection.ask('message.send', input)) as Reply<{ event: StoredEventOf<'message.sent'> }>
  if (!reply.ok) return { success: false, error: publishedError(reply.error) }
  const { id, timestamp, data } = reply.data.event
  return { success: true, id, timestamp, clientMessageId: data.clientMessageId ?? null }
}

// Whoever connects while an agent is there is told again.
async function greetAgain(socket: Socket, connection: Connection): Promise<void> {
  const reply = (await connection.ask('conversation.sync', { limit: 1 })) as Reply<ThreadPage>
  if (!reply.ok || !reply.data.conversation) return
  const { agents, status, visitorId } = reply.data.conversation
  const agent = agents.at(-1)
  if (status === 'open' && agent)
    socket.emit('agent_joined', { visitorId, agentName: agent.name } satisfies PublishedEvents['agent_joined'])
}

/** What a published client hears of an event; nothing for most. `echo` marks what the causing socket itself is not told. */
export type Spoken = {
  [N in keyof PublishedEvents]: { name: N; data: PublishedEvents[N]; echo: boolean }
}[keyof PublishedEvents]

/** An event in the words of the guide. Pure. */
export function inPublishedWords(event: StoredEvent | FleetingEvent): Spoken | undefined {
  switch (event.name) {
    case 'message.sent': {
      const { id, timestamp, visitorId, actor, data } = event
      if (actor.kind === 'agent') {
        return {
          name: 'receive_message',
          data: { visitorId, visitorName: 'Support', message: data.text, id, timestamp, agentName: actor.name },
          echo: false,
        }
      }
      return {
        name: 'message_sent',
        data: { visitorId, message: data.text, id, timestamp, clientMessageId: data.clientMessageId ?? null },
        echo: true,
      }
    }
    case 'agent.joined':
      return {
        name: 'agent_joined',
        data: { visitorId: event.visitorId, agentName: event.data.agent.name },
        echo: false,
      }
    case 'typing.started':
      return event.data.by.kind === 'agent'
        ? { name: 'partner_typing', data: { deviceId: 'agent' }, echo: false }
        : undefined
    case 'typing.stopped':
      return event.data.by.kind === 'agent'
        ? { name: 'partner_stopped_typing', data: { deviceId: 'agent' }, echo: false }
        : undefined
    default:
      return undefined
  }
}
