import type { InboxFilter } from '@dosti/client'
import { Check, Copy, Inbox, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../design/button.tsx'
import { Empty } from '../design/empty.tsx'
import { ITEM_HEIGHT } from './conversation-item.tsx'

/** Rows to be, while the first page is on its way. */
export function ListLoading() {
  return (
    <div role="status" className="px-2">
      <span className="sr-only">Loading conversations</span>
      {['w-24', 'w-32', 'w-20', 'w-28', 'w-24', 'w-36', 'w-20'].map((width, index) => (
        <div key={index} className="flex animate-pulse-soft items-center gap-3 px-2.5" style={{ height: ITEM_HEIGHT }}>
          <div className="size-9 rounded-full bg-hover" />
          <div className="flex flex-1 flex-col gap-2">
            <div className={`h-2.5 rounded bg-line ${width}`} />
            <div className="h-2.5 rounded bg-hover" />
          </div>
        </div>
      ))}
    </div>
  )
}

/** The list could not be loaded. */
export function ListFailed({ onRetry }: { onRetry: () => void }) {
  return (
    <Empty
      icon={<TriangleAlert aria-hidden size={20} />}
      title="The list could not be loaded"
      action={
        <Button look="outline" onClick={onRetry}>
          Try again
        </Button>
      }
    />
  )
}

/** Nothing to show, and why; a fresh workspace learns how to get its first conversation. */
export function ListEmpty({ filter, gateway }: { filter: InboxFilter; gateway: string }) {
  const icon = <Inbox aria-hidden size={20} />
  if (filter.status === 'closed') {
    const all = filter.assignee === 'anyone'
    return (
      <Empty icon={icon} title={all ? 'No closed conversations' : 'None of these is closed'}>
        {all ? 'What you close is kept here.' : 'Choose All to see every closed conversation.'}
      </Empty>
    )
  }
  if (filter.assignee === 'me') {
    return (
      <Empty icon={icon} title="Nothing is assigned to you">
        Open a conversation and press A to take it.
      </Empty>
    )
  }
  if (filter.assignee === 'nobody') return <Empty icon={icon} title="Everything is assigned" />
  return (
    <Empty icon={icon} title="No conversations yet">
      <p>Paste this line at the end of your pages. The first message appears here at once.</p>
      <Snippet code={`<script src="${gateway}/widget.js" data-key="YOUR_PUBLIC_API_KEY"></script>`} />
    </Empty>
  )
}

function Snippet({ code }: { code: string }) {
  const [copied, setCopied] = useState(false)
  const copy = () => {
    navigator.clipboard.writeText(code).then(
      () => setCopied(true),
      // Not allowed: the line can be selected by hand.
      () => setCopied(false),
    )
  }
  return (
    <div className="mt-3 rounded-lg border border-line bg-surface text-start">
      <code className="block px-3 py-2 font-mono text-xs break-all text-ink select-all">{code}</code>
      <Button className="w-full rounded-t-none! border-t border-line" onClick={copy}>
        {copied ? <Check aria-hidden size={14} /> : <Copy aria-hidden size={14} />}
        <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
      </Button>
    </div>
  )
}
