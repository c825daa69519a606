import { z } from 'zod'
import type { Actor } from './actor.ts'
import { agentId, agentRef, conversation, timestamp } from './conversation.ts'
import type { ErrorCode } from './errors.ts'
import { storedEvent } from './events.ts'
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, RESUME_THREADS_MAX } from './names.ts'
import { clientMessageId, messageText, storable, visitorId, visitorName } from './text.ts'

const seq = z.int('must be a whole number').nonnegative('must not be negative')
/** Postgres' `integer` ends there. */
const SEQ_MAX = 2 ** 31 - 1
/** A number that somebody names; beyond what a stream can hold they are all the same. */
const askedSeq = seq.transform((number) => Math.min(number, SEQ_MAX))
const limit = z.int().min(1).max(PAGE_SIZE_MAX).default(PAGE_SIZE_DEFAULT)
/** Agents name the visitor; a visitor is its own stream and leaves it out. */
const stream = { visitorId: visitorId.optional() }

export const agent = z.object({ ...agentRef.shape, available: z.boolean() }).meta({ id: 'Agent' })
/** An agent with what colleagues may know. */
export type Agent = z.infer<typeof agent>

export const me = z
  .object({
    agent: z.object({ ...agentRef.shape, email: z.string(), available: z.boolean() }),
    workspace: z.object({ id: z.string(), name: z.string() }),
  })
  .meta({ id: 'Me' })
/** Who is signed in, and where. */
export type Me = z.infer<typeof me>

export const threadPage = z
  .object({
    /** In order of `timestamp`, oldest first; both streams merged for agents. */
    events: z.array(storedEvent),
    conversation: conversation.nullable(),
    seq,
    internalSeq: seq.optional(),
    /** True: these events replace what the client holds. False: they follow on what it asked after, or come before what it asked before. */
    snapshot: z.boolean(),
    /** There are older events than the first one here. */
    hasOlder: z.boolean(),
  })
  .meta({ id: 'ThreadPage' })
export type ThreadPage = z.infer<typeof threadPage>

interface OperationRow {
  summary: string
  input: z.ZodType
  output: z.ZodType
  /** Who may ask at all; what they may ask it of is the use case's affair. */
  actors: readonly Actor['kind'][]
  /** `all` transports, or HTTP alone because the reply sets a cookie or makes the credentials a socket needs. */
  over: 'all' | 'http'
  /** Requests a minute per actor. */
  perMinute: number
  /** What it may refuse with, beyond what any request may meet. */
  errors: readonly ErrorCode[]
}

const both = ['visitor', 'agent'] as const
const agents = ['agent'] as const
const current = z.object({ conversation })

/** THE TABLE of what a client can ask. Over HTTP each is `POST /api/v1/<name>`. */
export const OPERATIONS = {
  'message.send': {
    summary:
      'Write a message. Acknowledged means committed; a repeat with the same clientMessageId is the same message.',
    input: z.object({
      ...stream,
      text: messageText,
      clientMessageId: clientMessageId.optional(),
      visitorName: visitorName.optional(),
      readTo: askedSeq.optional(),
    }),
    output: z.object({ event: storedEvent }),
    actors: both,
    over: 'all',
    perMinute: 300,
    errors: ['message.conflict', 'conversation.not_found'],
  },
  'conversation.sync': {
    summary: 'Read a thread: its newest page, what follows a number, or what came before a time.',
    input: z.object({
      ...stream,
      after: askedSeq.optional(),
      internalAfter: askedSeq.optional(),
      before: timestamp.optional(),
      limit,
    }),
    output: threadPage,
    actors: both,
    over: 'all',
    perMinute: 600,
    errors: ['conversation.not_found'],
  },
  'conversation.resume': {
    summary:
      'After a break: what followed the numbers held, thread by thread; where that is too much, a fresh snapshot.',
    input: z.object({
      threads: z
        .array(z.object({ ...stream, seq: askedSeq, internalSeq: askedSeq.optional() }))
        .min(1, 'must name a thread')
        .max(RESUME_THREADS_MAX, `must name at most ${RESUME_THREADS_MAX} threads`)
        .refine(
          (threads) => new Set(threads.map(({ visitorId: named }) => named)).size === threads.length,
          'must name each thread once',
        ),
    }),
    output: z.object({
      /** In the order asked. */
      threads: z.array(
        z.object({
          visitorId,
          status: z.enum(['replayed', 'resync_required', 'not_found']),
          page: threadPage.nullable(),
        }),
      ),
    }),
    actors: both,
    over: 'all',
    perMinute: 120,
    errors: ['conversation.not_found'],
  },
  'conversation.read': {
    summary: 'Say that everything up to this public number has been read.',
    input: z.object({ ...stream, seq: askedSeq }),
    output: z.object({ seq }),
    actors: both,
    over: 'all',
    perMinute: 120,
    errors: ['conversation.not_found'],
  },
  'typing.set': {
    summary: 'Say that you are typing, or no longer. Never stored, may be lost.',
    input: z.object({ ...stream, typing: z.boolean('must be true or false') }),
    output: z.object({}),
    actors: both,
    over: 'all',
    perMinute: 240,
    errors: ['conversation.not_found'],
  },
  'conversation.list': {
    summary: 'The current conversation of every visitor, last changed first.',
    input: z.object({
      status: z.enum(['open', 'closed']).default('open'),
      assignee: z.enum(['anyone', 'me', 'nobody']).default('anyone'),
      /** `next` of the page before. */
      cursor: z.string().max(300).optional(),
      limit,
    }),
    output: z.object({ conversations: z.array(conversation), next: z.string().nullable() }),
    actors: agents,
    over: 'all',
    perMinute: 240,
    errors: [],
  },
  'conversation.join': {
    summary: 'Open a conversation to answer it: the visitor is told, once, that you joined.',
    input: z.object({ visitorId }),
    output: current,
    actors: agents,
    over: 'all',
    perMinute: 240,
    errors: ['conversation.not_found'],
  },
  'conversation.assign': {
    summary: 'Give the conversation to an agent, to yourself, or with null to nobody.',
    input: z.object({ visitorId, agentId: agentId.nullable() }),
    output: current,
    actors: agents,
    over: 'all',
    perMinute: 240,
    errors: ['conversation.not_found', 'agent.not_found'],
  },
  'conversation.close': {
    summary: 'Close the conversation. Closing a closed one changes nothing.',
    input: z.object({ visitorId }),
    output: current,
    actors: agents,
    over: 'all',
    perMinute: 240,
    errors: ['conversation.not_found'],
  },
  'conversation.reopen': {
    summary: 'Open a closed conversation again. Reopening an open one changes nothing.',
    input: z.object({ visitorId }),
    output: current,
    actors: agents,
    over: 'all',
    perMinute: 240,
    errors: ['conversation.not_found'],
  },
  'note.add': {
    summary: 'Leave a note that only agents see.',
    input: z.object({ visitorId, text: messageText, clientMessageId: clientMessageId.optional() }),
    output: z.object({ event: storedEvent }),
    actors: agents,
    over: 'all',
    perMinute: 120,
    errors: ['conversation.not_found', 'message.conflict'],
  },
  'agent.list': {
    summary: 'The agents of the workspace.',
    input: z.object({}),
    output: z.object({ agents: z.array(agent) }),
    actors: agents,
    over: 'all',
    perMinute: 120,
    errors: [],
  },
  'availability.set': {
    summary: 'Say whether you are on duty: alerts go to those who are.',
    input: z.object({ available: z.boolean('must be true or false') }),
    output: z.object({ agent }),
    actors: agents,
    over: 'all',
    perMinute: 60,
    errors: [],
  },
  'visitor.create': {
    summary: 'Make a visitor id with its token. The token is shown once and proves the id from then on.',
    input: z.object({ visitorName: visitorName.optional() }),
    output: z.object({ visitorId, visitorToken: z.string() }),
    actors: ['guest'],
    over: 'http',
    perMinute: 300,
    errors: [],
  },
  'session.start': {
    summary: 'Sign in with e-mail and password; the reply sets the session cookie.',
    input: z.object({
      email: z
        .string('must be a string')
        .max(320)
        .refine(...storable),
      password: z.string('must be a string').max(1024),
    }),
    output: me,
    actors: ['anyone', 'agent'],
    over: 'http',
    perMinute: 60,
    errors: ['auth.invalid'],
  },
  'session.show': {
    summary: 'Who is signed in.',
    input: z.object({}),
    output: me,
    actors: agents,
    over: 'http',
    perMinute: 600,
    errors: [],
  },
  'session.end': {
    summary: 'Sign out: the session is revoked everywhere.',
    input: z.object({}),
    output: z.object({}),
    actors: agents,
    over: 'http',
    perMinute: 60,
    errors: [],
  },
  'ticket.create': {
    summary: 'A ticket for one socket handshake, good for thirty seconds.',
    input: z.object({}),
    output: z.object({ ticket: z.string(), expiresInMs: z.int() }),
    actors: agents,
    over: 'http',
    perMinute: 240,
    errors: [],
  },
} as const satisfies Record<string, OperationRow>

export type OperationName = keyof typeof OPERATIONS
/** What a caller writes; defaults may be left out. */
export type Input<N extends OperationName> = z.input<(typeof OPERATIONS)[N]['input']>
/** What a use case receives: parsed, defaults filled in. */
export type Parsed<N extends OperationName> = z.output<(typeof OPERATIONS)[N]['input']>
export type Output<N extends OperationName> = z.infer<(typeof OPERATIONS)[N]['output']>

/** The actors an operation admits, as a type: a use case need not ask for other kinds. */
export type ActorOf<N extends OperationName> = Extract<Actor, { kind: (typeof OPERATIONS)[N]['actors'][number] }>

/** One operation's code: a promise of its output, or a thrown `DostiError`. */
export type Handler<N extends OperationName> = (
  actor: ActorOf<N>,
  input: Parsed<N>,
  request: RequestContext,
) => Promise<Output<N>>

/** A handler for each of some operations. */
export type Handlers<N extends OperationName = OperationName> = { [K in N]: Handler<K> }

/** What a handler may know of the request itself. */
export interface RequestContext {
  requestId: string
  /** The socket that asked, so that its own echo can be left out where the published protocol says so. */
  connectionId?: string
  /** The caller's network address, for limits on those who have shown nothing else. */
  address?: string
  /** Where the transport can keep a session: HTTP, as a cookie. */
  session?: { start(token: string, expiresAt: number): void; end(): void }
}
