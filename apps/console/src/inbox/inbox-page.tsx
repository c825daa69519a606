import { useQueryClient } from '@tanstack/react-query'
import { Outlet, useNavigate, useParams, useRouteContext } from '@tanstack/react-router'
import { MessagesSquare } from 'lucide-react'
import { useEffect, useState } from 'react'
import { AlertCards } from '../alerts/alert-cards.tsx'
import { useTabBadge } from '../alerts/tab-badge.ts'
import { useAlerts, useUnattended } from '../alerts/use-alerts.ts'
import { visitorLabel } from '../conversation/visitor-name.ts'
import { Empty } from '../design/empty.tsx'
import { Notices } from '../design/notices.tsx'
import { HelpSheet } from '../keyboard/help-sheet.tsx'
import { useCommand, useShortcuts } from '../keyboard/use-shortcuts.ts'
import { LiveProvider, useLive, useStore } from '../live.tsx'
import { isHeldByOther, isSignedOut, meQuery, sessionHolder } from '../session.ts'
import { ConnectionBanner } from './connection-banner.tsx'
import { ConversationList } from './conversation-list.tsx'
import { Rail } from './rail.tsx'

/** The inbox: a rail, the list, and what is opened. On a narrow screen the list or what is opened. */
export function InboxPage() {
  const { me, settings } = useRouteContext({ from: '/inbox' })
  // Signing out empties the context a moment before the page goes.
  if (me === null) return null
  return (
    <LiveProvider key={me.agent.id} me={me} settings={settings}>
      <Inbox gateway={settings.gateway} />
    </LiveProvider>
  )
}

function Inbox({ gateway }: { gateway: string }) {
  const live = useLive()
  const navigate = useNavigate()
  const { visitorId: opened } = useParams({ strict: false })
  const [helpOpen, setHelpOpen] = useState(false)
  const { waiting, dismiss } = useAlerts()
  const head = opened === undefined ? undefined : live.inbox.head(opened)
  useTabBadge(useUnattended(live, waiting), head === undefined ? 'Inbox' : visitorLabel(head))
  useSignInAgain()
  useShortcuts()
  useCommand('help.show', () => setHelpOpen(true))
  // What is on screen needs no card.
  const elsewhere = waiting.filter(({ alert }) => alert.visitorId !== opened)
  const open = (visitorId: string) => void navigate({ to: '/inbox/$visitorId', params: { visitorId } })
  return (
    <div className="flex h-full flex-col">
      <ConnectionBanner />
      <div className="flex min-h-0 flex-1 max-md:flex-col">
        <Rail hidden={opened !== undefined} onHelp={() => setHelpOpen(true)} />
        <main className="contents">
          <h1 className="sr-only">Inbox</h1>
          <div
            className={`flex min-h-0 flex-col border-e border-line bg-canvas md:w-84 md:shrink-0 max-md:flex-1 ${opened === undefined ? '' : 'max-md:hidden'}`}
          >
            <ConversationList opened={opened} onOpen={open} gateway={gateway} />
            <AlertCards waiting={elsewhere} onOpen={open} onDismiss={dismiss} />
          </div>
          <div
            className={`flex min-h-0 min-w-0 flex-1 flex-col bg-surface ${opened === undefined ? 'max-md:hidden' : ''}`}
          >
            {elsewhere.length > 0 && (
              <AlertCards
                waiting={elsewhere.slice(0, 1)}
                onOpen={open}
                onDismiss={dismiss}
                className="pt-2! pb-1! md:hidden"
              />
            )}
            <div className="min-h-0 flex-1">
              <Outlet />
            </div>
          </div>
        </main>
      </div>
      <HelpSheet open={helpOpen} onOpenChange={setHelpOpen} />
      <Notices />
    </div>
  )
}

/** Sends to the sign-in page, and back here afterwards, once the session is over or somebody else's. */
function useSignInAgain(): void {
  const { me, connection } = useLive()
  const status = useStore(connection.status)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const holder = useStore(sessionHolder)
  const over = isHeldByOther(holder, me.agent.id) || (status.kind === 'refused' && isSignedOut(status.error))
  useEffect(() => {
    if (!over) return
    // The page asks anew: who is signed in by now comes straight back.
    queries.removeQueries({ queryKey: meQuery.queryKey })
    void navigate({ to: '/login', search: { next: location.pathname }, replace: true })
  }, [over, queries, navigate])
}

/** The place of a conversation while none is opened. */
export function NothingOpened() {
  return (
    <Empty icon={<MessagesSquare aria-hidden size={20} />} title="No conversation opened">
      Choose one from the list, or press <Key>J</Key> and <Key>Enter</Key>. <Key>?</Key> shows all keys.
    </Empty>
  )
}

function Key({ children }: { children: string }) {
  return <kbd className="rounded border border-line bg-canvas px-1 font-sans text-xs">{children}</kbd>
}
