import { createStore } from '@dosti/client'
import { X } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { Button } from './button.tsx'

interface Notice {
  id: number
  text: string
}

const SHOWN_MS = 7000
const notices = createStore<readonly Notice[]>([])
let lastId = 0

/** Says a short sentence at the edge of the screen for some seconds. */
export function showNotice(text: string): void {
  lastId += 1
  const notice = { id: lastId, text }
  // The same sentence twice says no more than once.
  notices.set([...notices.get().filter((other) => other.text !== text), notice].slice(-3))
  setTimeout(() => dismiss(notice.id), SHOWN_MS)
}

const dismiss = (id: number) => notices.set(notices.get().filter((notice) => notice.id !== id))

/** Where notices appear. Mounted once. */
export function Notices() {
  const shown = useSyncExternalStore(notices.subscribe, notices.get)
  return (
    <div role="status" className="pointer-events-none fixed inset-x-4 top-16 z-50 flex flex-col items-center gap-2">
      {shown.map(({ id, text }) => (
        <div
          key={id}
          className="flex max-w-110 items-center gap-2 rounded-xl bg-ink py-1.5 ps-4 pe-1.5 text-sm text-canvas shadow-large animate-rise"
        >
          <span className="min-w-0">{text}</span>
          <Button
            shape="icon"
            aria-label="Dismiss"
            className="pointer-events-auto text-canvas! hover:bg-transparent! hover:opacity-75"
            onClick={() => dismiss(id)}
          >
            <X aria-hidden size={15} />
          </Button>
        </div>
      ))}
    </div>
  )
}
