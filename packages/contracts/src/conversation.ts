import { z } from 'zod'
import type { AgentId, ConversationId } from './ids.ts'
import { storable, visitorId } from './text.ts'

export const agentId = z.templateLiteral(['agt_', z.string().max(60)]).refine(...storable) satisfies z.ZodType<AgentId>
export const conversationId = z
  .templateLiteral(['cnv_', z.string().max(60)])
  .refine(...storable) satisfies z.ZodType<ConversationId>

/** Milliseconds since 1970 in UTC, as every time on the wire. */
export const timestamp = z.int().nonnegative()

export const agentRef = z.object({ id: agentId, name: z.string() }).meta({ id: 'AgentRef' })
/** An agent as colleagues and visitors see one. */
export type AgentRef = z.infer<typeof agentRef>

/**
 * The head of a visitor's current conversation: what a list row shows. `seq` and `internalSeq` are the last numbers of the
 * visitor's two streams; visitors never receive `internalSeq`, `assignee` or `unread`.
 */
export const conversation = z
  .object({
    id: conversationId,
    visitorId,
    visitorName: z.string().nullable(),
    status: z.enum(['open', 'closed']),
    /** The agents who joined, in the order they did. */
    agents: z.array(agentRef),
    lastMessage: z.object({ text: z.string(), from: z.enum(['visitor', 'agent']), timestamp }).nullable(),
    openedAt: timestamp,
    closedAt: timestamp.nullable(),
    /** When the last message or status change happened; lists are sorted by it, newest first. */
    updatedAt: timestamp,
    seq: z.int().nonnegative(),
    /** The highest public number an agent has read. */
    readByAgents: z.int().nonnegative(),
    /** The highest public number the visitor has read. */
    readByVisitor: z.int().nonnegative(),
    /** From here on: for agents alone. */
    assignee: agentRef.nullable().exactOptional(),
    /** Messages of the visitor that no agent has read. */
    unread: z.int().nonnegative().exactOptional(),
    internalSeq: z.int().nonnegative().exactOptional(),
    /** True once a token or the server vouches for the visitor's id. */
    bound: z.boolean().exactOptional(),
  })
  .meta({ id: 'Conversation' })

/** The wire's conversation; `evolve` and the stores work on the agents' view, in which no field is missing. */
export type Conversation = z.infer<typeof conversation>
export type AgentsConversation = Required<Conversation>
