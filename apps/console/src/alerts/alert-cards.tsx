import { BellRing, Volume2, X } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { visitorLabel } from '../conversation/visitor-name.ts'
import { Button } from '../design/button.tsx'
import { soundState } from './sound.ts'
import type { Waiting } from './waiting.ts'

const SHOWN_MAX = 3

interface Props {
  waiting: readonly Waiting[]
  onOpen: (visitorId: string) => void
  onDismiss: (alertId: string) => void
  className?: string
}

/** The visitors who wait, until somebody takes them or the card is dismissed. Stands beside things, never over them. */
export function AlertCards({ waiting, onOpen, onDismiss, className = '' }: Props) {
  const more = waiting.length - SHOWN_MAX
  return (
    <div role="region" aria-label="Alerts" className={`flex flex-col gap-2 px-3 pt-1 pb-3 ${className}`}>
      <SoundHint />
      <div role="alert" className="contents">
        {waiting.slice(0, SHOWN_MAX).map(({ alert }) => (
          <AlertCard
            key={alert.conversationId}
            alert={alert}
            onOpen={() => onOpen(alert.visitorId)}
            onDismiss={() => onDismiss(alert.alertId)}
          />
        ))}
      </div>
      {more > 0 && <p className="text-center text-xs font-medium text-soft">{more} more waiting</p>}
    </div>
  )
}

function AlertCard({
  alert,
  onOpen,
  onDismiss,
}: {
  alert: Waiting['alert']
  onOpen: () => void
  onDismiss: () => void
}) {
  const name = visitorLabel(alert)
  return (
    <div className="flex items-start gap-2.5 rounded-xl border border-line bg-raised p-2.5 shadow-large animate-rise">
      <span className="grid size-7 shrink-0 place-items-center rounded-full bg-signal text-on-accent">
        <BellRing aria-hidden size={14} />
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-1.5 text-sm">
          <bdi className="one-line font-semibold">{name}</bdi>
          <span className="shrink-0 text-xs text-soft">{alert.step > 1 ? 'is still waiting' : 'is waiting'}</span>
        </p>
        <p dir="auto" className="line-clamp-2 text-sm text-soft wrap-anywhere">
          {alert.text}
        </p>
        <div className="mt-1.5 flex gap-1.5">
          <Button look="solid" className="h-7! touch:h-11!" aria-label={`Open: ${name}`} onClick={onOpen}>
            Open
          </Button>
        </div>
      </div>
      <Button shape="icon" aria-label="Dismiss alert" className="-m-1 size-7! touch:size-11!" onClick={onDismiss}>
        <X aria-hidden size={15} />
      </Button>
    </div>
  )
}

/** Any click anywhere lifts the browser's block; this one says so. */
function SoundHint() {
  const state = useSyncExternalStore(soundState.subscribe, soundState.get)
  if (state !== 'blocked') return null
  return (
    <Button look="outline" className="w-full text-soft!">
      <Volume2 aria-hidden size={15} />
      Click to enable the alert sound
    </Button>
  )
}
