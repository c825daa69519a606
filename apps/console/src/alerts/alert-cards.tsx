import { BellRing, X } from 'lucide-react'
import { visitorLabel } from '../conversation/visitor-name.ts'
import { Button } from '../design/button.tsx'
import type { Waiting } from './waiting.ts'

const SHOWN_MAX = 3

/** The visitors who wait, over everything else, until somebody takes them or the card is dismissed. */
export function AlertCards({ waiting, onOpen, onDismiss }: { waiting: readonly Waiting[]; onOpen: (visitorId: string) => void; onDismiss: (alertId: string) => void }) {
  const more = waiting.length - SHOWN_MAX
  return (
    <div role="region" aria-label="Alerts" className="pointer-events-none fixed end-4 top-4 z-30 flex w-[min(22rem,calc(100vw-2rem))] flex-col gap-2">
      <div role="alert" className="contents">
        {waiting.slice(0, SHOWN_MAX).map(({ alert }) => (
          <AlertCard key={alert.conversationId} alert={alert} onOpen={() => onOpen(alert.visitorId)} onDismiss={() => onDismiss(alert.alertId)} />
        ))}
      </div>
      {more > 0 && <p className="self-end rounded-full bg-ink px-3 py-1 text-xs font-medium text-canvas">{more} more waiting</p>}
    </div>
  )
}

function AlertCard({ alert, onOpen, onDismiss }: { alert: Waiting['alert']; onOpen: () => void; onDismiss: () => void }) {
  const name = visitorLabel(alert)
  return (
    <div className="pointer-events-auto flex items-start gap-3 rounded-xl border border-line bg-raised p-3 shadow-large animate-rise">
      <span className="mt-0.5 grid size-8 shrink-0 place-items-center rounded-full bg-signal text-on-accent">
        <BellRing aria-hidden size={15} />
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-1.5 text-sm">
          <bdi className="one-line font-semibold">{name}</bdi>
          <span className="shrink-0 text-xs text-soft">{alert.step > 1 ? 'is still waiting' : 'is waiting'}</span>
        </p>
        <p dir="auto" className="line-clamp-2 text-sm text-soft">
          {alert.text}
        </p>
        <Button look="solid" className="mt-2 h-7! touch:h-10!" aria-label={`Open: ${name}`} onClick={onOpen}>
          Open
        </Button>
      </div>
      <Button shape="icon" aria-label="Dismiss alert" className="-m-1 size-7!" onClick={onDismiss}>
        <X aria-hidden size={15} />
      </Button>
    </div>
  )
}
