import { RequestError } from '@dosti/client'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  Outlet,
  redirect,
  RouterProvider,
} from '@tanstack/react-router'
import { CloudOff, Compass } from 'lucide-react'
import { ConversationPage } from './conversation/conversation-page.tsx'
import { visitorIdFromPath, visitorIdToPath } from './conversation/visitor-name.ts'
import { Button } from './design/button.tsx'
import { Empty } from './design/empty.tsx'
import { Logo } from './design/logo.tsx'
import { InboxPage, NothingOpened } from './inbox/inbox-page.tsx'
import { meQuery } from './session.ts'
import { settingsQuery } from './settings.ts'
import { SignInPage } from './sign-in/sign-in-page.tsx'

const queries = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false, retry: 1 } } })

const rootRoute = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  errorComponent: Failed,
  notFoundComponent: NoSuchPage,
})

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/inbox', replace: true })
  },
})

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/login',
  // Only a place inside the console: an address elsewhere would make the sign-in page a springboard.
  validateSearch: ({ next }: Record<string, unknown>): { next?: string } =>
    typeof next === 'string' && /^\/inbox(\/|$)/.test(next) ? { next } : {},
  beforeLoad: async ({ context, search }) => {
    // If nobody can be asked, the form still shows and says so when it is sent.
    const me = await context.queries.ensureQueryData(meQuery).catch(() => null)
    if (me !== null) throw redirect({ to: search.next ?? '/inbox', replace: true })
  },
  component: SignInPage,
})

const inboxRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/inbox',
  beforeLoad: async ({ context, location }) => {
    const [me, settings] = await Promise.all([
      context.queries.ensureQueryData(meQuery),
      context.queries.ensureQueryData(settingsQuery),
    ])
    if (me === null) {
      context.queries.removeQueries({ queryKey: meQuery.queryKey })
      throw redirect({
        to: '/login',
        search: location.pathname === '/inbox' ? {} : { next: location.pathname },
        replace: true,
      })
    }
    return { me, settings }
  },
  component: InboxPage,
  errorComponent: Failed,
})

const nothingRoute = createRoute({ getParentRoute: () => inboxRoute, path: '/', component: NothingOpened })

const conversationRoute = createRoute({
  getParentRoute: () => inboxRoute,
  path: '$visitorId',
  params: {
    parse: ({ visitorId }) => ({ visitorId: visitorIdFromPath(visitorId) }),
    stringify: ({ visitorId }) => ({ visitorId: visitorIdToPath(visitorId) }),
  },
  component: ConversationPage,
})

const router = createRouter({
  routeTree: rootRoute.addChildren([homeRoute, signInRoute, inboxRoute.addChildren([nothingRoute, conversationRoute])]),
  context: { queries },
  defaultPendingComponent: Starting,
  defaultPendingMs: 400,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

/** The whole app: routes and what they share. */
export function App() {
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  )
}

function Failed({ error, reset }: ErrorComponentProps) {
  const retry = () => {
    reset()
    void router.invalidate()
  }
  // A request that got no answer is a TypeError of fetch; anything unexpected is a mistake of ours and is not called a bad line.
  const unreachable = error instanceof RequestError || error instanceof TypeError
  return (
    <main className="h-full">
      <Empty
        icon={<CloudOff aria-hidden size={20} />}
        title={unreachable ? 'Dosti cannot be reached' : 'Something went wrong here'}
        action={
          <Button look="outline" onClick={retry}>
            Try again
          </Button>
        }
      >
        {unreachable ? 'Check your connection and try again.' : 'The fault is on our side.'} Nothing you wrote is lost.
      </Empty>
    </main>
  )
}

/** Before the first answer has come, if that takes long enough to notice. */
function Starting() {
  return (
    <main aria-busy className="grid h-full place-items-center">
      <span className="animate-pulse-soft">
        <Logo size={44} />
      </span>
      <span className="sr-only" role="status">
        Loading
      </span>
    </main>
  )
}

function NoSuchPage() {
  return (
    <main className="h-full">
      <Empty
        icon={<Compass aria-hidden size={20} />}
        title="There is no such page"
        action={
          <Button look="outline" onClick={() => void router.navigate({ to: '/inbox' })}>
            Go to the inbox
          </Button>
        }
      />
    </main>
  )
}
