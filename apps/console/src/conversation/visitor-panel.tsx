import { Check, Copy, ShieldCheck, ShieldQuestion } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { Button } from '../design/button.tsx'
import { fullTime } from '../design/time.ts'
import type { Head } from './conversation-header.tsx'
import { visitorLabel } from './visitor-name.ts'

/** Who the visitor is and how the conversation stands; beside the thread where there is room. */
export function VisitorPanel({ head }: { head: Head }) {
  const name = visitorLabel(head)
  return (
    <aside
      aria-label="Details"
      className="w-68 shrink-0 overflow-y-auto border-s border-line bg-canvas px-4 py-5 max-xl:hidden"
    >
      <div className="mb-5 flex flex-col items-center gap-2 text-center">
        <Avatar id={head.visitorId} name={name} size={36} />
        <bdi className="max-w-full text-base font-semibold wrap-anywhere">{name}</bdi>
        {head.bound === true ? (
          <Standing icon={<ShieldCheck aria-hidden size={13} />} text="Identity confirmed" />
        ) : (
          <Standing icon={<ShieldQuestion aria-hidden size={13} />} text="Identity not confirmed" />
        )}
      </div>
      <dl className="flex flex-col gap-3.5">
        <Fact label="Visitor id">
          <VisitorId visitorId={head.visitorId} />
        </Fact>
        <Fact label="Assigned to">{head.assignee?.name ?? 'Nobody'}</Fact>
        <Fact label="Joined">
          {head.agents.length === 0 ? 'Nobody yet' : head.agents.map((agent) => agent.name).join(', ')}
        </Fact>
        <Fact label="Started">{fullTime(head.openedAt)}</Fact>
        {head.closedAt !== null && <Fact label="Closed">{fullTime(head.closedAt)}</Fact>}
      </dl>
    </aside>
  )
}

function Standing({ icon, text }: { icon: ReactNode; text: string }) {
  return (
    <span className="inline-flex items-center gap-1 text-xs text-soft">
      {icon}
      {text}
    </span>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-faint">{label}</dt>
      <dd className="text-sm wrap-anywhere">{children}</dd>
    </div>
  )
}

function VisitorId({ visitorId }: { visitorId: string }) {
  const [copied, setCopied] = useState(false)
  const copy = () => {
    navigator.clipboard.writeText(visitorId).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  }
  return (
    <span className="flex items-start gap-1">
      <bdi className="min-w-0 flex-1 font-mono text-xs leading-5">{visitorId}</bdi>
      <Button
        shape="icon"
        aria-label={copied ? 'Copied' : 'Copy the visitor id'}
        className="-my-1.5 size-7!"
        onClick={copy}
      >
        {copied ? <Check aria-hidden size={13} /> : <Copy aria-hidden size={13} />}
      </Button>
    </span>
  )
}
