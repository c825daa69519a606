import type { ConnectionStatus, Store } from '@dosti/client'
import { useEffect, useRef, useState } from 'preact/hooks'
import { STRINGS } from '../strings.ts'
import { useStore } from './use-store.ts'

/** A line that opens fast is not worth a word. */
const PATIENCE_MS = 1200
const BACK_MS = 2500

/** How things stand with the line, said only when it concerns the visitor. */
export function Banner({ status }: { status: Store<ConnectionStatus> }) {
  const { kind } = useStore(status)
  const [shown, setShown] = useState<{ text: string; good: boolean } | null>(null)
  const wasBroken = useRef(false)
  useEffect(() => {
    if (kind === 'online' && wasBroken.current) {
      wasBroken.current = false
      setShown({ text: STRINGS.back, good: true })
      const timer = setTimeout(() => setShown(null), BACK_MS)
      return () => clearTimeout(timer)
    }
    const text = textOf(kind)
    if (text === null) {
      setShown(null)
      return undefined
    }
    const timer = setTimeout(
      () => {
        wasBroken.current = true
        setShown({ text, good: false })
      },
      kind === 'offline' ? 0 : PATIENCE_MS,
    )
    return () => clearTimeout(timer)
  }, [kind])
  return (
    <div class={`banner ${shown?.good === true ? 'good' : ''}`} role="status">
      {shown === null ? null : <p dir="auto">{shown.text}</p>}
    </div>
  )
}

function textOf(kind: ConnectionStatus['kind']): string | null {
  if (kind === 'connecting') return STRINGS.connecting
  if (kind === 'reconnecting') return STRINGS.reconnecting
  return kind === 'offline' ? STRINGS.offline : null
}
