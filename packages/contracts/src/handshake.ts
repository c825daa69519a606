import { z } from 'zod'
import { agentRef } from './conversation.ts'
import { PROTOCOL_VERSION } from './names.ts'
import { visitorId, visitorName } from './text.ts'

/** How a client of the extended protocol introduces itself: in Socket.IO's `auth`, or as the first frame of a raw WebSocket. */
export const hello = z.object({
  protocol: z.literal(PROTOCOL_VERSION),
  /** A public key, for visitors. */
  key: z.string().optional(),
  visitorId: visitorId.optional(),
  visitorToken: z.string().max(200).optional(),
  visitorName: visitorName.optional(),
  /** A ticket of `ticket.create`, for agents. */
  ticket: z.string().max(200).optional(),
})
export type Hello = z.input<typeof hello>

/** What the server answers: who it takes the client for. Event `welcome` on Socket.IO, the reply to `hello` on a raw WebSocket. */
export const welcome = z.object({
  protocol: z.literal(PROTOCOL_VERSION),
  visitorId: visitorId.optional(),
  agent: agentRef.optional(),
  /** Milliseconds since 1970 at the server. */
  now: z.int(),
})
export type Welcome = z.infer<typeof welcome>
