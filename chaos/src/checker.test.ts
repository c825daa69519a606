/** The checker itself under test: a recording in which all is well passes, and each deliberate damage is found by its rule. */
import { describe, expect, it } from 'vitest'
import { check, isClean, type Rule } from './checker.ts'
import { emptyRecording, newParty, ownersIn, type LogEvent, type Recording, type Send } from './recording.ts'

const workspaceId = 'wsp_acme'

/** Two visitors with ten messages each, one with a note; an agent and a poller see them; one visitor waits. */
function goodRecording(): Recording {
  const recording = emptyRecording(70_000)
  const agent = newParty({ name: 'agent', workspaceId, visitorId: 'all', sees: 'numbered' })
  recording.parties.push(agent)
  for (const visitorId of ['v1', 'v2']) {
    const poller = newParty({ name: `poll ${visitorId}`, workspaceId, visitorId, sees: 'polled' })
    const published = newParty({ name: `published ${visitorId}`, workspaceId, visitorId, sees: 'pushed' })
    published.there.push({ from: 7000, until: 80_005 })
    recording.parties.push(poller, published)
    for (let seq = 1; seq <= 10; seq += 1) {
      const text = `#acme.${visitorId}# ${seq}`
      const event = store(recording, {
        visitorId,
        stream: 'public',
        seq,
        text,
        timestamp: 1000 + seq,
        clientMessageId: `${seq}`,
      })
      recording.sends.push(sendOf(event, `extended ${visitorId}`))
      poller.items.push(event)
      published.items.push(event)
      agent.items.push(event)
    }
    poller.owners.set(`acme.${visitorId}`, 10)
    poller.bytes = 500
    agent.owners.set(`acme.${visitorId}`, 10)
  }
  const note = store(recording, {
    visitorId: 'v1',
    stream: 'internal',
    seq: 1,
    text: '#acme.v1.internal# n',
    timestamp: 2000,
    clientMessageId: 'n',
  })
  recording.sends.push({ ...sendOf(note, 'agent'), stream: 'internal' })
  agent.items.push(note)
  const first = store(recording, {
    visitorId: 'w',
    stream: 'public',
    seq: 1,
    text: '#acme.w# hi',
    timestamp: 1000,
    clientMessageId: 'w',
  })
  recording.sends.push(sendOf(first, 'waiting'))
  agent.items.push(first)
  recording.waiting.push({ workspaceId, visitorId: 'w' })
  for (const step of [1, 2])
    recording.alerts.push({
      alertId: `alr_${step}`,
      workspaceId,
      visitorId: 'w',
      eventSeq: 1,
      step,
      status: 'sent',
      heardBy: new Map([['agent', 1]]),
    })
  recording.attempts.push({
    party: 'extended v1',
    visitorId: 'v1',
    operation: 'message.send',
    startedAt: 0,
    tookMs: 5,
    outcome: 'ok',
  })
  recording.recoveries.push({ fault: 'T1', tookMs: 500 })
  recording.expectations.push({ fault: 'T8', rule: 'in time', held: true, seen: '' })
  return recording
}

function store(
  recording: Recording,
  {
    visitorId,
    stream,
    seq,
    text,
    timestamp,
    clientMessageId,
  }: Pick<LogEvent, 'visitorId' | 'stream' | 'seq' | 'timestamp'> & { text: string; clientMessageId: string },
): LogEvent & { text: string } {
  const id = `msg_${visitorId}_${stream}_${seq}`
  const event = {
    workspaceId,
    visitorId,
    stream,
    seq,
    id,
    name: 'message.sent',
    timestamp,
    sender: 'visitor',
    clientMessageId,
    text,
  }
  recording.log.push(event)
  return event
}

function sendOf({ visitorId, id, timestamp, text, clientMessageId }: LogEvent & { text: string }, party: string): Send {
  return {
    workspaceId,
    visitorId,
    party,
    stream: 'public',
    text,
    clientMessageId,
    outcome: 'ok',
    sentAt: 10_000,
    acks: [{ id, timestamp, at: 10_005 }],
    openAttempts: 0,
  }
}

const party = (recording: Recording, name: string) => {
  const found = recording.parties.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no party ${name}`)
  return found
}
const firstAlert = (recording: Recording) => {
  const [found] = recording.alerts
  if (found === undefined) throw new Error('no alert')
  return found
}
const logged = (recording: Recording, text: string) => {
  const found = recording.log.find((event) => event.text === text)
  if (found === undefined) throw new Error(`no event ${text}`)
  return found
}
const sent = (recording: Recording, text: string) => {
  const found = recording.sends.find((send) => send.text === text)
  if (found === undefined) throw new Error(`no send ${text}`)
  return found
}

it('a recording in which all is well is clean', () => {
  const verdict = check(goodRecording())
  expect(Object.fromEntries(Object.entries(verdict).map(([rule, { wrong }]) => [rule, wrong]))).toEqual(
    Object.fromEntries(Object.keys(verdict).map((rule) => [rule, []])),
  )
  expect(verdict.lost.n).toBe(22)
  expect(verdict.foreign.n).toBe(1000)
})

const damages: [what: string, rule: Rule, damage: (recording: Recording) => void][] = [
  [
    'an acknowledged message that is not in the log',
    'lost',
    (r) => void r.log.splice(r.log.indexOf(logged(r, '#acme.v1# 10')), 1),
  ],
  ['an acknowledged message that a poller never saw', 'lost', (r) => void party(r, 'poll v1').items.splice(4, 1)],
  ['an acknowledged message that nobody pushed', 'untold', (r) => void party(r, 'published v1').items.splice(4, 1)],
  ['an acknowledged message that the agent never saw', 'lost', (r) => void party(r, 'agent').items.splice(4, 1)],
  ['an acknowledged note that the agent never saw', 'lost', (r) => void party(r, 'agent').items.splice(-2, 1)],
  [
    'an acknowledgement with a time that was not stored',
    'lost',
    (r) => void (sent(r, '#acme.v1# 3').acks = [{ id: 'msg_v1_public_3', timestamp: 1, at: 10_005 }]),
  ],
  [
    'a message stored twice under one client message id',
    'doubled',
    (r) => void r.log.push({ ...logged(r, '#acme.v1# 3'), id: 'msg_x', seq: 11, timestamp: 3000 }),
  ],
  [
    'a message without an id stored twice though its one attempt was answered',
    'doubled',
    (r) => {
      sent(r, '#acme.v1# 3').clientMessageId = null
      logged(r, '#acme.v1# 3').clientMessageId = null
      r.log.push({ ...logged(r, '#acme.v1# 3'), id: 'msg_x', seq: 11, timestamp: 3000 })
    },
  ],
  [
    'a resend that was acknowledged as another message',
    'doubled',
    (r) => void sent(r, '#acme.v1# 3').acks.push({ id: 'msg_x', timestamp: 3000, at: 10_005 }),
  ],
  [
    'a poll that told a message twice',
    'doubled',
    (r) => void party(r, 'poll v1').repeats.push(logged(r, '#acme.v1# 3')),
  ],
  ['a number that the log skips', 'gaps', (r) => void (logged(r, '#acme.v1# 10').seq = 11)],
  ['a number that is there twice', 'gaps', (r) => void (logged(r, '#acme.v1# 10').seq = 9)],
  ['an agent without the end of a thread', 'gaps', (r) => void party(r, 'agent').items.splice(9, 1)],
  [
    'a poller that got two messages in the other order',
    'outOfOrder',
    (r) => void (party(r, 'poll v2').items = party(r, 'poll v2').items.toReversed()),
  ],
  [
    'numbers and times in different orders',
    'outOfOrder',
    (r) => {
      const [a, b] = [logged(r, '#acme.v2# 4'), logged(r, '#acme.v2# 5')]
      ;[a.timestamp, b.timestamp] = [b.timestamp, a.timestamp]
    },
  ],
  [
    "a sender's messages in another order than they were sent",
    'outOfOrder',
    (r) => {
      const [a, b] = [sent(r, '#acme.v2# 4'), sent(r, '#acme.v2# 5')]
      ;[a.text, b.text] = [b.text, a.text]
    },
  ],
  [
    "a visitor who received another visitor's words",
    'foreign',
    (r) => void party(r, 'poll v1').owners.set('acme.v2', 1),
  ],
  ['a visitor who received a note', 'foreign', (r) => void party(r, 'poll v1').owners.set('acme.v1.internal', 1)],
  [
    "an agent who received another workspace's words",
    'foreign',
    (r) => void party(r, 'agent').owners.set('other.v1', 1),
  ],
  ['a recovery that took too long', 'slow', (r) => void r.recoveries.push({ fault: 'T1', tookMs: 10_001 })],
  ['a process that ended by itself', 'misbehaved', (r) => void r.misbehaviours.push({ service: 'gw1', what: 'ended' })],
  [
    'an answer "internal"',
    'misbehaved',
    (r) =>
      void r.attempts.push({
        party: 'x',
        visitorId: 'v1',
        operation: 'message.send',
        startedAt: 0,
        tookMs: 1,
        outcome: 'refused',
        code: 'internal',
      }),
  ],
  ['a send that was refused for good', 'misbehaved', (r) => void (sent(r, '#acme.v1# 3').outcome = 'fail')],
  ['an alert that was never made', 'alerts', (r) => void r.alerts.pop()],
  ['an alert that was never sent', 'alerts', (r) => void (firstAlert(r).status = 'due')],
  ['an alert made twice', 'alerts', (r) => void r.alerts.push({ ...firstAlert(r), alertId: 'alr_x' })],
  ['an alert heard twice on one connection', 'alerts', (r) => void firstAlert(r).heardBy.set('agent', 2)],
  ['a waiting visitor nobody heard of', 'alerts', (r) => r.alerts.forEach(({ heardBy }) => heardBy.clear())],
  [
    'a rule of a single fault that did not hold',
    'expected',
    (r) => void r.expectations.push({ fault: 'T8', rule: 'x', held: false, seen: '' }),
  ],
]

describe('the checker finds', () => {
  it.each(damages)('%s', (_what, rule, damage) => {
    const recording = goodRecording()
    damage(recording)
    const verdict = check(recording)
    expect(verdict[rule].wrong).not.toEqual([])
    expect(isClean(verdict)).toBe(false)
  })
})

describe('the checker allows', () => {
  const allowed: [what: string, change: (recording: Recording) => void][] = [
    [
      'a send of unknown outcome that is absent',
      (r) =>
        void r.sends.push({
          ...sent(r, '#acme.v1# 3'),
          text: '#acme.v1# lost',
          clientMessageId: null,
          outcome: 'unknown',
          acks: [],
          openAttempts: 1,
        }),
    ],
    [
      'a push that a client missed which had just come',
      (r) => {
        party(r, 'published v1').there = [{ from: 7001, until: 80_005 }]
        party(r, 'published v1').items.splice(4, 1)
      },
    ],
    ['an alert of which only one ring was heard', (r) => r.alerts[0]?.heardBy.clear()],
    [
      'a resend that got the first answer',
      (r) => void sent(r, '#acme.v1# 3').acks.push({ id: 'msg_v1_public_3', timestamp: 1003, at: 10_005 }),
    ],
  ]
  it.each(allowed)('%s', (_what, change) => {
    const recording = goodRecording()
    change(recording)
    expect(isClean(check(recording))).toBe(true)
  })
})

it('owners are found wherever they stand in the bytes', () => {
  expect([...ownersIn('42["x",{"text":"#acme.v1# 3"}] #acme.v1#, #other.v2.internal#')]).toEqual([
    ['acme.v1', 2],
    ['other.v2.internal', 1],
  ])
})
