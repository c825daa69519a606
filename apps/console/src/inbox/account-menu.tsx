import { Menu } from '@base-ui/react/menu'
import type { Me } from '@dosti/contracts'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Keyboard, LogOut, Monitor, Moon, Sun } from 'lucide-react'
import { useCallback, useEffect } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { buttonClass } from '../design/button.tsx'
import { MenuChoice, MenuChoices, MenuItem, MenuLine, MenuPanel } from '../design/menu.tsx'
import { showNotice } from '../design/notices.tsx'
import { setTheme, type Theme, useTheme } from '../design/theme.ts'
import { useLive } from '../live.tsx'
import { meQuery, signOut } from '../session.ts'

/** Who is signed in, whether on duty, the looks, and the way out. */
export function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const { me } = useLive()
  const { available, setAvailable } = useAvailability()
  const leave = useSignOut()
  const theme = useTheme()
  return (
    <Menu.Root>
      <Menu.Trigger
        aria-label="Account"
        title={`${me.agent.name}, ${available ? 'on duty' : 'away'}`}
        className={`${buttonClass('quiet', 'icon')} relative rounded-full! md:mt-1`}
      >
        <Avatar id={me.agent.id} name={me.agent.name} />
        <Dot available={available} className="absolute end-0 bottom-0 ring-2 ring-canvas touch:end-1 touch:bottom-1" />
      </Menu.Trigger>
      <MenuPanel label="Account" side="right">
        <div className="px-2.5 pt-1.5 pb-2">
          <p className="text-sm font-semibold">{me.agent.name}</p>
          <p className="text-xs text-soft">{me.agent.email}</p>
          <p className="text-xs text-soft">{me.workspace.name}</p>
        </div>
        <MenuLine />
        <MenuChoices
          label="Availability"
          value={available ? 'on' : 'away'}
          onChange={(value) => setAvailable(value === 'on')}
        >
          <MenuChoice value="on" icon={<Dot available className="mx-0.5" />}>
            On duty
          </MenuChoice>
          <MenuChoice value="away" icon={<Dot available={false} className="mx-0.5" />}>
            Away
          </MenuChoice>
        </MenuChoices>
        <MenuLine />
        <MenuChoices label="Looks" value={theme} onChange={(value) => setTheme(value as Theme)}>
          <MenuChoice value="system" icon={<Monitor aria-hidden size={15} />}>
            As the system
          </MenuChoice>
          <MenuChoice value="light" icon={<Sun aria-hidden size={15} />}>
            Light
          </MenuChoice>
          <MenuChoice value="dark" icon={<Moon aria-hidden size={15} />}>
            Dark
          </MenuChoice>
        </MenuChoices>
        <MenuLine />
        <MenuItem icon={<Keyboard aria-hidden size={15} />} onSelect={onHelp}>
          Keyboard shortcuts
        </MenuItem>
        <MenuItem icon={<LogOut aria-hidden size={15} />} onSelect={leave}>
          Sign out
        </MenuItem>
      </MenuPanel>
    </Menu.Root>
  )
}

/** Green and filled on duty, hollow while away: told apart without colour too. */
function Dot({ available, className = '' }: { available: boolean; className?: string }) {
  return (
    <span
      aria-hidden
      className={`size-2.5 rounded-full ${available ? 'bg-good' : 'border-2 border-away bg-surface'} ${className}`}
    />
  )
}

function useAvailability() {
  const { connection, me: signedIn } = useLive()
  const queries = useQueryClient()
  const { data } = useQuery({ ...meQuery, enabled: false })
  const me = data ?? signedIn
  const agentId = signedIn.agent.id
  const keep = useCallback(
    (available: boolean) =>
      queries.setQueryData<Me | null>(meQuery.queryKey, (before) =>
        before ? { ...before, agent: { ...before.agent, available } } : before,
      ),
    [queries],
  )
  // Another tab or device of the same person may switch, too.
  useEffect(
    () =>
      connection.on('agent.updated', ({ agent, available }) => {
        if (agent.id === agentId) keep(available)
      }),
    [connection, agentId, keep],
  )
  const setAvailable = (available: boolean) => {
    keep(available)
    connection.request('availability.set', { available }).catch(() => {
      keep(!available)
      showNotice('Your availability could not be changed. Try again.')
    })
  }
  return { available: me.agent.available, setAvailable }
}

function useSignOut() {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const run = async () => {
    try {
      await signOut()
      queries.setQueryData(meQuery.queryKey, null)
      await navigate({ to: '/login', replace: true })
    } catch {
      showNotice('Signing out did not work. You are still signed in; try again.')
    }
  }
  return () => void run()
}
