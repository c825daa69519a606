import type { Handlers } from '@dosti/contracts'
import { addNote } from './add-note.ts'
import { assignConversation } from './assign-conversation.ts'
import { closeConversation } from './close-conversation.ts'
import { joinConversation } from './join-conversation.ts'
import { listConversations } from './list-conversations.ts'
import { markRead } from './mark-read.ts'
import type { AgentDirectory, ConversationStore, Publisher } from './ports.ts'
import { reopenConversation } from './reopen-conversation.ts'
import { resumeThreads } from './resume-threads.ts'
import { sendMessage } from './send-message.ts'
import { setTyping } from './set-typing.ts'
import { syncConversation } from './sync-conversation.ts'
import { createWriter } from './writer.ts'

export * from './audience.ts'
export * from './newest-messages.ts'
export * from './poll-messages.ts'
export * from './ports.ts'
export * from './raise-alert.ts'

export interface ConversationPorts {
  store: ConversationStore
  publisher: Publisher
  agents: AgentDirectory
  /** Milliseconds since 1970. */
  clock: () => number
  /** Counts milliseconds and never jumps. */
  stopwatch: () => number
  /** Runs something once all that arrived in this turn of the event loop was taken in. */
  defer: (work: () => void) => void
}

/** The operations of this domain. */
export type ConversationOperation =
  | 'message.send'
  | 'conversation.sync'
  | 'conversation.resume'
  | 'conversation.read'
  | 'typing.set'
  | 'conversation.list'
  | 'conversation.join'
  | 'conversation.assign'
  | 'conversation.close'
  | 'conversation.reopen'
  | 'note.add'

/** One handler for each operation of the domain; one writer for them all. */
export function createConversations({
  store,
  publisher,
  agents,
  clock,
  stopwatch,
  defer,
}: ConversationPorts): Handlers<ConversationOperation> {
  const changing = { writer: createWriter({ store, stopwatch, defer }), publisher }
  return {
    'message.send': sendMessage(changing),
    'conversation.sync': syncConversation({ store, clock }),
    'conversation.resume': resumeThreads({ store, clock }),
    'conversation.read': markRead({ store, publisher }),
    'typing.set': setTyping({ publisher }),
    'conversation.list': listConversations({ store }),
    'conversation.join': joinConversation(changing),
    'conversation.assign': assignConversation(changing, agents),
    'conversation.close': closeConversation(changing),
    'conversation.reopen': reopenConversation(changing),
    'note.add': addNote(changing),
  }
}
