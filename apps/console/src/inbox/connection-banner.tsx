import type { ConnectionStatus } from '@dosti/client'
import { CloudOff, RefreshCw, TriangleAlert } from 'lucide-react'
import { Button } from '../design/button.tsx'
import { useLive, useStore } from '../live.tsx'
import { isSignedOut } from '../session.ts'

/** Says that the line is down, what becomes of what is written meanwhile, and offers to try now. Silent while all is well. */
export function ConnectionBanner() {
  const { connection } = useLive()
  const status = useStore(connection.status)
  const text = textOf(status)
  return (
    <div role="status" className="contents">
      {text !== null && (
        <div className="flex items-center justify-center gap-2 border-b border-note-line bg-note px-4 py-1 text-sm text-note-ink">
          {status.kind === 'refused' || status.kind === 'online' ? (
            <TriangleAlert aria-hidden size={15} />
          ) : status.kind === 'offline' ? (
            <CloudOff aria-hidden size={15} />
          ) : (
            <RefreshCw aria-hidden size={14} className="animate-spin" />
          )}
          <span className="min-w-0">{text}</span>
          {status.kind !== 'offline' && (
            <Button
              className="h-7! text-note-ink! underline hover:bg-transparent!"
              onClick={() => connection.connect()}
            >
              Try now
            </Button>
          )}
        </div>
      )}
    </div>
  )
}

function textOf(status: ConnectionStatus): string | null {
  switch (status.kind) {
    case 'idle':
    case 'connecting':
      return null
    case 'online':
      return status.limited
        ? 'Limited connection. Messages come and go, only more slowly, and alerts do not ring.'
        : null
    case 'reconnecting':
      // The first attempt mostly succeeds before anybody has read that there was a second without a line.
      return status.attempt < 2 ? null : 'Reconnecting. What you send is kept and goes out then.'
    case 'offline':
      return 'You are offline. What you send is kept and goes out when you are back.'
    case 'refused':
      return isSignedOut(status.error) ? null : status.error.message
  }
}
