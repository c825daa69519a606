import { z } from 'zod'
import type { Party } from './actor.ts'
import { agentId, agentRef, conversationId, timestamp } from './conversation.ts'
import type { AlertId, ConversationId, EventId, VisitorId } from './ids.ts'
import { clientMessageId, visitorId } from './text.ts'

/** Where an event lives: in the visitor's public stream, in the agents' internal one, or nowhere (fleeting). */
export type Stream = 'public' | 'internal' | 'fleeting'

const row = <S extends Stream, D extends z.ZodType>(stream: S, data: D, summary: string) => ({ stream, data, summary })
const nothing = z.object({})
const party = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('visitor'), id: visitorId, name: z.string().nullable() }),
  z.object({ kind: z.literal('agent'), id: agentId, name: z.string() }),
  z.object({ kind: z.literal('system') }),
]) satisfies z.ZodType<Party>

/** THE TABLE of what a client can be told: name -> stream and payload. Payloads only ever gain fields. */
export const EVENTS = {
  'conversation.opened': row('public', nothing, 'The first message opened a conversation.'),
  'message.sent': row(
    'public',
    z.object({ text: z.string(), clientMessageId: clientMessageId.optional(), readTo: z.number().optional() }),
    'A visitor or an agent wrote; the event id is the message id. Who writes has read: up to `readTo`, or all before it.',
  ),
  'agent.joined': row(
    'public',
    z.object({ agent: agentRef }),
    'An agent opened the conversation to answer, took it or replied for the first time.',
  ),
  'conversation.closed': row('public', nothing, 'An agent closed the conversation.'),
  'conversation.reopened': row('public', nothing, 'An agent or a new message opened the conversation again.'),
  'note.added': row(
    'internal',
    z.object({ text: z.string(), clientMessageId: clientMessageId.optional() }),
    'An agent left a note for colleagues.',
  ),
  'conversation.assigned': row(
    'internal',
    z.object({ assignee: agentRef.nullable() }),
    'The conversation was given to an agent, or to nobody.',
  ),
  'conversation.read': row(
    'fleeting',
    z.object({ visitorId, by: z.enum(['visitor', 'agents']), seq: z.int().nonnegative() }),
    'One side has read everything up to this public number.',
  ),
  'typing.started': row(
    'fleeting',
    z.object({ visitorId, by: party }),
    'Somebody is typing; counts for six seconds unless repeated.',
  ),
  'typing.stopped': row('fleeting', z.object({ visitorId, by: party }), 'Somebody stopped typing.'),
  'agent.updated': row(
    'fleeting',
    z.object({ agent: agentRef, available: z.boolean() }),
    'A colleague became available or went away.',
  ),
  'alert.raised': row(
    'fleeting',
    z.object({
      alertId: z.templateLiteral(['alr_', z.string().max(60)]) satisfies z.ZodType<AlertId>,
      conversationId,
      visitorId,
      visitorName: z.string().nullable(),
      text: z.string(),
      /** 1 at once, 2 after thirty seconds without reaction. */
      step: z.int().positive(),
    }),
    'A visitor waits in a conversation that nobody attends.',
  ),
} as const satisfies Record<string, { stream: Stream; data: z.ZodType; summary: string }>

export type EventName = keyof typeof EVENTS
export type EventData<N extends EventName> = z.infer<(typeof EVENTS)[N]['data']>

type NamesIn<S extends Stream> = { [N in EventName]: (typeof EVENTS)[N]['stream'] extends S ? N : never }[EventName]
/** Events with a number in a stream. */
export type StoredEventName = NamesIn<'public' | 'internal'>
/** Events that are told live and never stored. */
export type FleetingEventName = NamesIn<'fleeting'>

/** A stored event of one name: `seq` counts within its stream without gaps, `timestamp` rises strictly across both. */
export interface StoredEventOf<N extends StoredEventName> {
  id: EventId
  name: N
  stream: (typeof EVENTS)[N]['stream']
  seq: number
  timestamp: number
  visitorId: VisitorId
  conversationId: ConversationId
  actor: Party
  data: EventData<N>
}

/** Any stored event; discriminate by `name`. */
export type StoredEvent = { [N in StoredEventName]: StoredEventOf<N> }[StoredEventName]

/** Any fleeting event; discriminate by `name`. */
export type FleetingEvent = { [N in FleetingEventName]: { name: N; data: EventData<N> } }[FleetingEventName]

const storedNames = Object.entries(EVENTS).filter(([, { stream }]) => stream !== 'fleeting')

/** The shape of a stored event on the wire, for replies and documents. */
export const storedEvent = z
  .custom<StoredEvent>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      'name' in value &&
      storedNames.some(([name]) => name === value.name),
  )
  .meta({ id: 'StoredEvent' })

/** The JSON shape that all stored events share; `data` differs by name. */
export const storedEventShape = z.object({
  id: z.string(),
  name: z.enum(storedNames.map(([name]) => name) as [StoredEventName, ...StoredEventName[]]),
  stream: z.enum(['public', 'internal']),
  seq: z.int().positive(),
  timestamp,
  visitorId,
  conversationId,
  actor: party,
  data: z.record(z.string(), z.unknown()),
})
