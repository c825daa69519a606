import type { Actor } from '@dosti/contracts'
import { tellRaised, type RaisedAlert, type Told } from '@dosti/conversations'
import { createLogger } from '@dosti/runtime'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRingAgain, type RingAgain } from './ring-again.ts'

const raised = (alertId: `alr_${string}`, agents: RaisedAlert['agents'] = ['agt_ann']): RaisedAlert => ({
  workspaceId: 'wsp_a',
  alert: { alertId, conversationId: 'cnv_a', visitorId: 'v', visitorName: null, text: 'Hi', step: 1 },
  agents,
})
const ann: Actor = { kind: 'agent', workspaceId: 'wsp_a', agentId: 'agt_ann', agentName: 'Ann', sessionId: 'ses_a' }
const visitor: Actor = { kind: 'visitor', workspaceId: 'wsp_a', visitorId: 'v', bound: false }

let rang: RaisedAlert[]
let asked: string[][]
let here: Set<string>
let heard: string[]
let ringAgain: RingAgain

const note = (told: readonly Told[]): void => {
  for (const { event, audience } of told)
    if (event.name === 'alert.raised' && typeof audience === 'object')
      for (const agent of audience.agents) heard.push(`${agent} ${event.data.alertId}`)
}
const tick = () => vi.advanceTimersByTimeAsync(2000)

beforeEach(() => {
  vi.useFakeTimers()
  rang = []
  asked = []
  here = new Set(['agt_ann'])
  heard = []
  ringAgain = createRingAgain({
    rung: async (workspaceIds) => {
      asked.push([...workspaceIds])
      return rang
    },
    isHere: (_workspaceId, agentId) => here.has(agentId),
    deliver: note,
    clock: Date.now,
    log: createLogger('test', 'silent'),
  })
})
afterEach(() => {
  ringAgain.end()
  vi.useRealTimers()
})

describe('D7 ring again', () => {
  it('asks nothing while no agent is here', async () => {
    ringAgain.greet(visitor)
    await tick()
    expect(asked).toEqual([])
    ringAgain.greet(ann)
    await tick()
    expect(asked).toEqual([['wsp_a']])
    here.clear()
    await tick()
    expect(asked).toHaveLength(1)
  })

  it('tells what no push told, once', async () => {
    ringAgain.greet(ann)
    rang = [raised('alr_1')]
    await tick()
    await tick()
    expect(heard).toEqual(['agt_ann alr_1'])
    note(ringAgain.unheard([tellRaised(raised('alr_1'))]))
    expect(heard).toEqual(['agt_ann alr_1'])
  })

  it('does not repeat what a push told, though for minutes it can be read', async () => {
    ringAgain.greet(ann)
    rang = [raised('alr_1')]
    note(ringAgain.unheard([tellRaised(raised('alr_1'))]))
    for (let turn = 0; turn < 30; turn += 1) await tick()
    expect(heard).toEqual(['agt_ann alr_1'])
  })

  it('tells a new connection what an earlier one was told', async () => {
    ringAgain.greet(ann)
    rang = [raised('alr_1', ['agt_ann', 'agt_elsewhere'])]
    await tick()
    ringAgain.greet(ann)
    await tick()
    expect(heard).toEqual(['agt_ann alr_1', 'agt_ann alr_1'])
  })

  it('lets everything else pass', () => {
    const other: Told = {
      workspaceId: 'wsp_a',
      visitorId: 'v',
      audience: 'agents',
      event: { name: 'agent.updated', data: { agent: { id: 'agt_ann', name: 'Ann' }, available: true } },
    }
    expect(ringAgain.unheard([other])).toEqual([other])
  })
})
