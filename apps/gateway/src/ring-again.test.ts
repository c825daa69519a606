import type { Actor } from '@dosti/contracts'
import { tellRaised, type RaisedAlert, type Told } from '@dosti/conversations'
import { createLogger } from '@dosti/runtime'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Connection } from './connection.ts'
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
let reaches: number[]
let isAway: boolean
let ringAgain: RingAgain

const deliver = (told: readonly Told[]): void => {
  for (const one of told)
    for (const room of ringAgain.roomsFor(one))
      if (one.event.name === 'alert.raised') heard.push(`${room} ${one.event.data.alertId}`)
}
const connect = (id: string, actor: Actor = ann) => ringAgain.greet({ id, actor } as Connection)
const tick = () => vi.advanceTimersByTimeAsync(2000)

beforeEach(() => {
  vi.useFakeTimers()
  rang = []
  asked = []
  here = new Set(['desk', 'phone'])
  heard = []
  reaches = []
  isAway = false
  ringAgain = createRingAgain({
    rung: async (workspaceIds, withinMs) => {
      reaches.push(withinMs)
      if (isAway) throw new Error('away')
      asked.push([...workspaceIds])
      return rang
    },
    isHere: (id) => here.has(id),
    deliver,
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
    connect('page', visitor)
    await tick()
    expect(asked).toEqual([])
    connect('desk')
    await tick()
    expect(asked).toEqual([['wsp_a']])
    here.clear()
    await tick()
    expect(asked).toHaveLength(1)
  })

  it('tells what no push told, once', async () => {
    connect('desk')
    rang = [raised('alr_1')]
    await tick()
    await tick()
    expect(heard).toEqual(['desk alr_1'])
    deliver([tellRaised(raised('alr_1'))])
    expect(heard).toEqual(['desk alr_1'])
  })

  it('does not repeat what a push told, though for minutes it can be read', async () => {
    connect('desk')
    rang = [raised('alr_1')]
    deliver([tellRaised(raised('alr_1'))])
    for (let turn = 0; turn < 30; turn += 1) await tick()
    expect(heard).toEqual(['desk alr_1'])
  })

  it('reaches back over all the time in which nobody answered, and forgets nothing meanwhile', async () => {
    connect('desk')
    rang = [raised('alr_1')]
    await tick()
    isAway = true
    for (let turn = 0; turn < 300; turn += 1) await tick()
    isAway = false
    rang = [raised('alr_1'), raised('alr_2')]
    await tick()
    expect(heard).toEqual(['desk alr_1', 'desk alr_2'])
    expect(reaches.at(-1)).toBeGreaterThan(600_000)
    await tick()
    expect(reaches.at(-1)).toBeLessThan(70_000)
  })

  it('tells a new connection, and it alone, what an earlier one was told', async () => {
    connect('desk')
    rang = [raised('alr_1', ['agt_ann', 'agt_elsewhere'])]
    await tick()
    connect('phone')
    await tick()
    expect(heard).toEqual(['desk alr_1', 'phone alr_1'])
  })

  it('sends everything else where it belongs', () => {
    const other: Told = {
      workspaceId: 'wsp_a',
      visitorId: 'v',
      audience: 'agents',
      event: { name: 'agent.updated', data: { agent: { id: 'agt_ann', name: 'Ann' }, available: true } },
    }
    expect(ringAgain.roomsFor(other)).toEqual(['agents:wsp_a'])
  })
})
