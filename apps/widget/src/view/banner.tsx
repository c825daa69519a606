import { roadOf, type ConnectionStatus, type Store } from '@dosti/client'
import { useEffect, useRef, useState } from 'preact/hooks'
import { STRINGS } from '../strings.ts'
import { useStore } from './use-store.ts'

/** A line that opens fast is not worth a word. */
const PATIENCE_MS = 1200
const BACK_MS = 2500

/** How things stand with the line, said only when it concerns the visitor. */
export function Banner({ status }: { status: Store<ConnectionStatus> }) {
  const now = useStore(status)
  const text = textOf(now)
  const isWell = roadOf(now) === 'line'
  const patience = now.kind === 'offline' || roadOf(now) === 'http' ? 0 : PATIENCE_MS
  const [shown, setShown] = useState<{ text: string; good: boolean } | null>(null)
  const wasBroken = useRef(false)
  useEffect(() => {
    if (isWell && wasBroken.current) {
      wasBroken.current = false
      setShown({ text: STRINGS.back, good: true })
      const timer = setTimeout(() => setShown(null), BACK_MS)
      return () => clearTimeout(timer)
    }
    if (text === null) {
      setShown(null)
      return undefined
    }
    const timer = setTimeout(() => {
      wasBroken.current = true
      setShown({ text, good: false })
    }, patience)
    return () => clearTimeout(timer)
  }, [text, isWell, patience])
  return (
    <div class={`banner ${shown?.good === true ? 'good' : ''}`} role="status">
      {shown === null ? null : <p dir="auto">{shown.text}</p>}
    </div>
  )
}

function textOf(status: ConnectionStatus): string | null {
  if (status.kind === 'connecting') return STRINGS.connecting
  if (status.kind === 'reconnecting') return STRINGS.reconnecting
  if (status.kind === 'offline') return STRINGS.offline
  return roadOf(status) === 'http' ? STRINGS.limited : null
}
