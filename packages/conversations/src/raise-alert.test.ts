import type { StoredEvent } from '@dosti/contracts'
import { describe, expect, it } from 'vitest'
import { alertsFor, onDuty, stillWaits, type Attendance } from './raise-alert.ts'

const message = (seq: number, change: Partial<StoredEvent> = {}) =>
  ({
    id: 'msg_1',
    name: 'message.sent',
    stream: 'public',
    seq,
    timestamp: 5000,
    visitorId: 'v',
    conversationId: 'cnv_1',
    actor: { kind: 'visitor', id: 'v', name: null },
    data: { text: 'Hi' },
    ...change,
  }) as StoredEvent
const waiting: Attendance = { head: { id: 'cnv_1', status: 'open', readByAgents: 0 }, attended: false }

describe('alertsFor', () => {
  it('rings at once and again after thirty seconds', () => {
    expect(
      alertsFor('wsp_a', message(2), waiting, []).map(({ step, dueAt, eventSeq }) => [step, dueAt, eventSeq]),
    ).toEqual([
      [1, 5000, 2],
      [2, 35_000, 2],
    ])
  })
  it('adds nothing while an earlier message still rings', () =>
    expect(alertsFor('wsp_a', message(3), waiting, [2])).toEqual([]))
  it('rings anew when the earlier one was read', () => {
    expect(
      alertsFor('wsp_a', message(3), { ...waiting, head: { ...waiting.head, readByAgents: 2 } }, [2]),
    ).toHaveLength(2)
  })
  it('leaves attended conversations alone', () =>
    expect(alertsFor('wsp_a', message(2), { ...waiting, attended: true }, [])).toEqual([]))
  it('leaves read messages alone', () => {
    expect(alertsFor('wsp_a', message(2), { ...waiting, head: { ...waiting.head, readByAgents: 2 } }, [])).toEqual([])
  })
  it('leaves messages of agents alone', () => {
    expect(alertsFor('wsp_a', message(2, { actor: { kind: 'agent', id: 'agt_1', name: 'A' } }), waiting, [])).toEqual(
      [],
    )
  })
})

describe('stillWaits', () => {
  it('not once the conversation is closed', () =>
    expect(stillWaits({ ...waiting, head: { ...waiting.head, status: 'closed' } }, 2)).toBe(false))
})

describe('onDuty', () => {
  it('alerts the available', () =>
    expect(
      onDuty([
        { id: 'agt_1', available: false },
        { id: 'agt_2', available: true },
      ]),
    ).toEqual(['agt_2']))
  it('alerts all if none is', () => expect(onDuty([{ id: 'agt_1', available: false }])).toEqual(['agt_1']))
})
