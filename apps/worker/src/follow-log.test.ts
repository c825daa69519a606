import { getEventListeners } from 'node:events'
import type { LogEntry } from '@dosti/db'
import { describe, expect, it } from 'vitest'
import { alertsForStep, createHint } from './follow-log.ts'

const entry = (seq: number, conversation: 1 | 2 = 1): LogEntry => ({
  workspaceId: 'wsp_a',
  position: { xid: '1', logId: seq },
  event: {
    id: `msg_${seq}`,
    name: 'message.sent',
    stream: 'public',
    seq,
    timestamp: 1000,
    visitorId: `v${conversation}`,
    conversationId: `cnv_${conversation}`,
    actor: { kind: 'visitor', id: `v${conversation}`, name: null },
    data: { text: 'Hi' },
  },
})
const waiting = (seq: number, conversation: 1 | 2 = 1, dueSeqs: number[] = []): LogEntry => ({
  ...entry(seq, conversation),
  standing: {
    attendance: { head: { id: `cnv_${conversation}`, status: 'open', readByAgents: 0 }, attended: false },
    dueSeqs,
  },
})
const seqs = (...entries: LogEntry[]) =>
  alertsForStep(entries).map(({ conversationId, eventSeq, step }) => [conversationId, eventSeq, step])

describe('alertsForStep', () => {
  it('messages of one conversation in one step ring once', () => {
    expect(seqs(waiting(2), waiting(3))).toEqual([
      ['cnv_1', 2, 1],
      ['cnv_1', 2, 2],
    ])
  })
  it('conversations ring apart', () => expect(seqs(waiting(2), waiting(2, 2))).toHaveLength(4))
  it('what rings already rings on', () => expect(seqs(waiting(3, 1, [2]))).toEqual([]))
  it('a visitor without a conversation rings nobody', () => expect(seqs(entry(3))).toEqual([]))
})

describe('createHint', () => {
  it('keeps a hint that came while nobody waited', async () => {
    const hint = createHint(60_000)
    hint.give()
    await hint.wait(new AbortController().signal)
  })
  it('wakes who waits, and ends with the signal', async () => {
    const hint = createHint(60_000)
    const ending = new AbortController()
    const [first, second] = [hint.wait(ending.signal), Promise.resolve().then(() => hint.give())]
    await Promise.all([first, second])
    const third = hint.wait(ending.signal)
    ending.abort()
    await third
  })
  it('leaves nothing behind on a signal that outlives it', async () => {
    const hint = createHint(1)
    const { signal } = new AbortController()
    for (let wait = 0; wait < 5; wait += 1) await hint.wait(signal)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
