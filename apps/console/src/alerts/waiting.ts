import type { AgentsConversation, EventData } from '@dosti/contracts'

/** A visitor who waits, as the last alert told it. */
export interface Waiting {
  alert: EventData<'alert.raised'>
  /** Who had the conversation when the alert came; undefined until the list knows the conversation. */
  assigneeId: string | null | undefined
  /** True once the list has shown unread messages: only then does none unread mean that somebody has read. */
  unreadKnown: boolean
}

const holderOf = ({ assignee }: AgentsConversation): string | null => assignee?.id ?? null

/** With a new alert: the newest first, one for each conversation. */
export function withAlert(
  waiting: readonly Waiting[],
  alert: Waiting['alert'],
  head: AgentsConversation | undefined,
): Waiting[] {
  const added = { alert, assigneeId: head && holderOf(head), unreadKnown: (head?.unread ?? 0) > 0 }
  return [added, ...waiting.filter((other) => other.alert.conversationId !== alert.conversationId)]
}

/** Without those whom somebody has read, taken or closed since. The same array if nothing changed. */
export function stillWaiting(
  waiting: readonly Waiting[],
  headOf: (visitorId: string) => AgentsConversation | undefined,
): readonly Waiting[] {
  const next = waiting.flatMap((item) => {
    const head = headOf(item.alert.visitorId)
    if (head === undefined) return [item]
    const { assigneeId = holderOf(head) } = item
    const unreadKnown = item.unreadKnown || head.unread > 0
    const taken = head.assignee !== null && head.assignee.id !== assigneeId
    if (taken || head.status === 'closed' || (item.unreadKnown && head.unread === 0)) return []
    const isSame = item.assigneeId === assigneeId && item.unreadKnown === unreadKnown
    return [isSame ? item : { ...item, assigneeId, unreadKnown }]
  })
  return next.length === waiting.length && next.every((item, index) => item === waiting[index]) ? waiting : next
}
