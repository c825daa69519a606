import { useEffect, useRef, useState } from 'react'
import { type Live, useLive, useStore } from '../live.tsx'
import { soundAlert, watchSound } from './sound.ts'
import { stillWaiting, type Waiting, withAlert } from './waiting.ts'

/** Who waits, newest first; sounds each alert as it comes. */
export function useAlerts(): { waiting: readonly Waiting[]; dismiss: (alertId: string) => void } {
  const { connection, inbox } = useLive()
  const [waiting, setWaiting] = useState<readonly Waiting[]>([])
  // After a reconnect the same alert is told again; what was dismissed stays so.
  const known = useRef(new Set<string>())
  useEffect(watchSound, [])
  useEffect(
    () =>
      connection.on('alert.raised', (alert) => {
        if (known.current.has(alert.alertId)) return
        known.current.add(alert.alertId)
        setWaiting((before) => withAlert(before, alert, inbox.head(alert.visitorId)))
        void soundAlert(alert.alertId)
      }),
    [connection, inbox],
  )
  useEffect(
    () =>
      inbox.view.subscribe(() => setWaiting((before) => stillWaiting(before, (visitorId) => inbox.head(visitorId)))),
    [inbox],
  )
  useMissedHeads(waiting)
  const dismiss = (alertId: string) => setWaiting((before) => before.filter((item) => item.alert.alertId !== alertId))
  return { waiting, dismiss }
}

/** Asks for those who wait and are in no list, once until the next break: whoever was served during one changes no more. */
function useMissedHeads(waiting: readonly Waiting[]): void {
  const { connection, inbox } = useLive()
  const asked = useRef(new Set<string>())
  useEffect(() => connection.status.subscribe(() => asked.current.clear()), [connection])
  useEffect(() => {
    const ask = () => {
      if (inbox.view.get().phase !== 'ready') return
      for (const { alert } of waiting) {
        const { visitorId } = alert
        if (inbox.head(visitorId) !== undefined || asked.current.has(visitorId)) continue
        asked.current.add(visitorId)
        inbox.fetch(visitorId)
      }
    }
    ask()
    return inbox.view.subscribe(ask)
  }, [inbox, waiting])
}

/** How many visitors have not been read or wait for somebody: the number in the tab's title. */
export function useUnattended({ inbox }: Live, waiting: readonly Waiting[]): number {
  const { conversations } = useStore(inbox.view)
  const ids = new Set(waiting.map(({ alert }) => alert.visitorId))
  for (const { visitorId, unread, status } of conversations) if (unread > 0 && status === 'open') ids.add(visitorId)
  return ids.size
}
