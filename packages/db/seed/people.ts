import type { AgentId, WorkspaceId } from '@dosti/contracts'
import type { AgentKey, WorkspaceKey } from './script.ts'

interface DemoAgent {
  id: AgentId
  key: AgentKey
  name: string
  email: string
  available: boolean
}

interface DemoWorkspace {
  id: WorkspaceId
  key: WorkspaceKey
  name: string
  agents: DemoAgent[]
}

const agent = (key: AgentKey, name: string, domain: string, available = true): DemoAgent => ({
  id: `agt_${key}`,
  key,
  name,
  // A top-level domain that is reserved for examples: no such mailbox can ever exist.
  email: `${key}@${domain}.example`,
  available,
})

/** The two companies of the demo, both invented; ids are fixed, secrets are not. */
export const WORKSPACES: [DemoWorkspace, DemoWorkspace] = [
  {
    id: 'wsp_brindlewick',
    key: 'brindlewick',
    name: 'Brindlewick Home',
    agents: [
      agent('mara', 'Mara Lindqvist', 'brindlewick'),
      agent('bilal', 'Bilal Ahmed', 'brindlewick'),
      agent('ananya', 'Ananya Rao', 'brindlewick'),
      agent('tomas', 'Tomás Rivera', 'brindlewick', false),
    ],
  },
  {
    id: 'wsp_osmarra',
    key: 'osmarra',
    name: 'Osmarra Travel',
    agents: [agent('hanna', 'Hanna Vogt', 'osmarra'), agent('idris', 'Idris Bello', 'osmarra')],
  },
]

/** The name and id under which an agent signs. */
export function agentRef(key: AgentKey): { id: AgentId; name: string } {
  const found = WORKSPACES.flatMap(({ agents }) => agents).find((agent) => agent.key === key)
  if (found === undefined) throw new Error(`no demo agent is called ${key}`)
  return { id: found.id, name: found.name }
}
