import { z } from 'zod'
import { wordDetails, type WireError } from './errors.ts'
import type { StoredEventOf } from './events.ts'
import { clientMessageId, messageText, visitorId } from './text.ts'

/** The body of `POST /api/chat/send`, as the integration guide has it, with the additions of the specification. */
export const publishedSend = z.object({
  apiKey: z.string().optional(),
  visitorId,
  visitorName: z.unknown().optional(),
  message: messageText,
  clientMessageId: clientMessageId.optional(),
})

/** The query or body of `/api/chat/poll`. `lastTimestamp` is read leniently, by rule, elsewhere. */
export const publishedPoll = z.object({
  apiKey: z.string().optional(),
  visitorId,
  lastTimestamp: z.unknown().optional(),
  /** Seconds to hold the answer back while there is nothing new, at most 25. */
  wait: z.unknown().optional(),
})

/** One message as the published protocol shows it. */
export interface PublishedMessage {
  id: string
  sender: 'visitor' | 'agent'
  senderName: 'You' | 'Support'
  message: string
  timestamp: number
}

/** The acknowledgement of a send, over Socket.IO and REST alike. */
export type PublishedReply =
  | { success: true; id: string; timestamp: number; clientMessageId: string | null; message?: PublishedMessage }
  | { success: false; error: WireError }

/** The answer to a poll. `nextTimestamp` is the cursor for the next one; `truncated` says that older messages were left out by rule. */
export type PublishedPage =
  | { success: true; messages: PublishedMessage[]; nextTimestamp: number; hasMore: boolean; truncated?: true }
  | { success: false; error: WireError }

/** Socket.IO events a published client hears, and what each carries. */
export interface PublishedEvents {
  receive_message: {
    visitorId: string
    visitorName: string
    message: string
    id: string
    timestamp: number
    agentName: string
  }
  message_sent: { visitorId: string; message: string; id: string; timestamp: number; clientMessageId: string | null }
  partner_typing: { deviceId: 'agent' }
  partner_stopped_typing: { deviceId: 'agent' }
  agent_joined: { visitorId: string; agentName: string }
  error_message: { success: false; error: WireError }
}

/** A refusal of `message.send` in the words of the guide, where the text is called `message`. */
export function publishedError(error: WireError): WireError {
  if (!error.details?.some(({ path }) => path === 'text')) return error
  const details = error.details.map((detail) => (detail.path === 'text' ? { ...detail, path: 'message' } : detail))
  return { ...error, message: wordDetails(details), details }
}

/** A message as the published protocol shows it: "You" and "Support", whoever they are. */
export function publishedMessage({ id, actor, data, timestamp }: StoredEventOf<'message.sent'>): PublishedMessage {
  const mine = actor.kind === 'visitor'
  return { id, sender: mine ? 'visitor' : 'agent', senderName: mine ? 'You' : 'Support', message: data.text, timestamp }
}
