import { Menu } from '@base-ui/react/menu'
import type { Agent, AgentId } from '@dosti/contracts'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { UserPlus, UserX } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { buttonClass } from '../design/button.tsx'
import { MenuChoice, MenuLine, MenuPanel } from '../design/menu.tsx'
import { useCommand } from '../keyboard/use-shortcuts.ts'
import { useLive } from '../live.tsx'
import { useActions } from './use-actions.ts'

const NOBODY = 'nobody'

/** Gives the conversation to oneself, a colleague or nobody. Opened by its key, it is finished by keys. */
export function AssignMenu({ visitorId, assigneeId }: { visitorId: string; assigneeId: AgentId | null }) {
  const { me } = useLive()
  const { assign } = useActions(visitorId)
  const [open, setOpen] = useState(false)
  const { data: agents = [], isError } = useAgents(open)
  useCommand('conversation.assign', () => setOpen(true))
  const colleagues = agents.filter(({ id }) => id !== me.agent.id)
  const choose = (value: string) => {
    const agent = agents.find(({ id }) => id === value)
    assign(value === NOBODY ? null : (agent?.id ?? me.agent.id))
  }
  return (
    <Menu.Root open={open} onOpenChange={setOpen}>
      <Menu.Trigger aria-label="Assign" title="Assign (A)" className={buttonClass('outline')}>
        <UserPlus aria-hidden size={15} />
        <span className="max-sm:sr-only">Assign</span>
      </Menu.Trigger>
      <MenuPanel label="Assign to">
        <Menu.RadioGroup value={assigneeId ?? NOBODY} onValueChange={choose}>
          <MenuChoice value={me.agent.id} icon={<Avatar id={me.agent.id} name={me.agent.name} size={20} />}>
            Assign to me
          </MenuChoice>
          {colleagues.length > 0 && <MenuLine />}
          {colleagues.map(({ id, name, available }) => (
            <MenuChoice
              key={id}
              value={id}
              icon={<Avatar id={id} name={name} size={20} />}
              hint={available ? undefined : <span className="text-xs text-faint">away</span>}
            >
              {name}
            </MenuChoice>
          ))}
          {isError && <p className="px-2.5 py-1.5 text-sm text-danger">Colleagues could not be loaded.</p>}
          <MenuLine />
          <MenuChoice value={NOBODY} icon={<UserX aria-hidden size={17} className="mx-0.5 text-faint" />}>
            Nobody
          </MenuChoice>
        </Menu.RadioGroup>
      </MenuPanel>
    </Menu.Root>
  )
}

/** The workspace's agents, asked for when first needed and kept current by what the server tells. */
function useAgents(wanted: boolean) {
  const { me, connection } = useLive()
  const of = me.agent.id
  const queries = useQueryClient()
  useEffect(
    () =>
      connection.on('agent.updated', ({ agent, available }) => {
        queries.setQueryData<Agent[]>(['agents', of], (before) =>
          before?.map((known) => (known.id === agent.id ? { ...known, ...agent, available } : known)),
        )
      }),
    [connection, of, queries],
  )
  return useQuery({
    queryKey: ['agents', of],
    queryFn: async () => (await connection.request('agent.list', {})).agents,
    enabled: wanted,
    staleTime: 60_000,
  })
}
