/** How the demo conversations are written down: one line, one thing that happens. */

/** The agents of the demo, by first name. */
export type AgentKey = 'mara' | 'bilal' | 'ananya' | 'tomas' | 'hanna' | 'idris'
export type WorkspaceKey = 'brindlewick' | 'osmarra'

export type Line =
  | { kind: 'writes'; text: string }
  | { kind: 'answers'; by: AgentKey; text: string }
  | { kind: 'notes'; by: AgentKey; text: string }
  | { kind: 'gives'; by: AgentKey; to: AgentKey }
  | { kind: 'closes'; by: AgentKey }

export interface DemoConversation {
  workspace?: WorkspaceKey
  visitorId: string
  /** What its ids are called, where the visitor's own id is not made of letters and digits. */
  slug?: string
  name: string | null
  /** Before the seeding, when the last line was written. */
  hoursAgo: number
  /** An agent has read it to its end, though perhaps not answered. */
  seen?: true
  lines: Line[]
}

export const writes = (text: string): Line => ({ kind: 'writes', text })
export const answers = (by: AgentKey, text: string): Line => ({ kind: 'answers', by, text })
export const notes = (by: AgentKey, text: string): Line => ({ kind: 'notes', by, text })
export const gives = (by: AgentKey, to: AgentKey): Line => ({ kind: 'gives', by, to })
export const closes = (by: AgentKey): Line => ({ kind: 'closes', by })
