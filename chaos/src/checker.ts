/** I1 to I7 over a recording. Pure: the same recording gives the same verdict. */
import type { LogEvent, Party, Recording, Send } from './recording.ts'

/** What one rule came to: how much was looked at, and each thing that was wrong, in words. */
export interface Finding {
  n: number
  wrong: string[]
}

export const RULES = {
  lost: 'I1 acknowledged and missing somewhere',
  untold: 'I1 pushes that never came',
  doubled: 'I2 there twice',
  outOfOrder: 'I3 out of order',
  gaps: 'I3 gaps in the numbers',
  foreign: "I4 somebody else's words",
  slow: 'I5 not caught up in time',
  misbehaved: 'I6 crashes and wrong refusals',
  alerts: 'I7 alerts lost or doubled',
  expected: 'rules of single faults',
} as const

export type Rule = keyof typeof RULES

export type Verdict = Record<Rule, Finding>

/** Everybody has everything again within this time after a fault ended, in milliseconds. */
export const RECOVERY_MAX_MS = 10_000

/** All rules over one recording. */
export function check(recording: Recording): Verdict {
  const log = indexLog(recording.log)
  return {
    lost: checkLost(recording, log),
    untold: checkPushes(recording),
    doubled: checkDoubled(recording, log),
    outOfOrder: checkOrder(recording, log),
    gaps: checkGaps(recording, log),
    foreign: checkForeign(recording),
    slow: checkRecoveries(recording),
    misbehaved: checkBehaviour(recording),
    alerts: checkAlerts(recording, log),
    expected: checkExpectations(recording),
  }
}

/** Whether a verdict is clean. */
export const isClean = (verdict: Verdict): boolean => Object.values(verdict).every(({ wrong }) => wrong.length === 0)

interface Log {
  byText: Map<string, LogEvent[]>
  /** A thread's events of a stream, by number. */
  streams: Map<string, LogEvent[]>
  byThread: Map<string, LogEvent[]>
}

const threadKey = ({ workspaceId, visitorId }: { workspaceId: string; visitorId: string }) =>
  `${workspaceId} ${visitorId}`

function indexLog(events: readonly LogEvent[]): Log {
  const byText = Map.groupBy(
    events.filter(({ text }) => text !== null),
    ({ text }) => text ?? '',
  )
  const streams = Map.groupBy(events, (event) => `${threadKey(event)} ${event.stream}`)
  for (const stream of streams.values()) stream.sort((a, b) => a.seq - b.seq)
  const byThread = Map.groupBy(events, threadKey)
  for (const thread of byThread.values()) thread.sort((a, b) => a.timestamp - b.timestamp)
  return { byText, streams, byThread }
}

/** The parties that must hold a message in the end, whatever they missed live. */
function wholeParties(parties: readonly Party[], { workspaceId, visitorId, stream }: Send): Party[] {
  return parties.filter(
    (party) =>
      party.sees !== 'pushed' &&
      party.workspaceId === workspaceId &&
      (party.visitorId === 'all' || (party.visitorId === visitorId && stream === 'public')),
  )
}

function checkLost({ sends, parties }: Recording, log: Log): Finding {
  const wrong: string[] = []
  const held = new Map(parties.map((party) => [party, new Set(party.items.map(({ id }) => id))]))
  const acked = sends.filter(({ outcome }) => outcome === 'ok')
  for (const send of acked) {
    const ids = new Set(send.acks.map(({ id }) => id))
    const stored = (log.byText.get(send.text) ?? []).filter(({ id }) => ids.has(id))
    if (stored.length === 0) wrong.push(`${send.text} was acknowledged to ${send.party} and is not in the log`)
    for (const { timestamp } of send.acks)
      if (stored.length > 0 && !stored.some((event) => event.timestamp === timestamp))
        wrong.push(`${send.text} was acknowledged at ${timestamp} and is stored at ${stored[0]?.timestamp}`)
    for (const party of wholeParties(parties, send))
      for (const id of ids) if (!held.get(party)?.has(id)) wrong.push(`${send.text} never reached ${party.name}`)
  }
  return { n: acked.length, wrong }
}

/** A client that only hears is told of what was sent this long after it came, or later; in milliseconds. */
const SETTLED_IN_MS = 3000

function checkPushes({ sends, parties, pushedWithinMs }: Recording): Finding {
  const wrong: string[] = []
  let n = 0
  const threads = Map.groupBy(
    sends.filter(({ outcome, stream }) => outcome === 'ok' && stream === 'public'),
    threadKey,
  )
  for (const { name, there, items, ...thread } of parties.filter(({ sees }) => sees === 'pushed')) {
    const told = new Set(items.map(({ id }) => id))
    for (const { party, text, sentAt, acks } of threads.get(threadKey(thread)) ?? []) {
      const ackedAt = Math.max(...acks.map(({ at }) => at))
      const wasThere = there.some(
        ({ from, until }) => from <= sentAt - SETTLED_IN_MS && until >= ackedAt + pushedWithinMs,
      )
      // Its own words are acknowledged to it, not told.
      if (party === name || !wasThere) continue
      n += 1
      if (!acks.some(({ id }) => told.has(id))) wrong.push(`${text} was never told to ${name}, who was there`)
    }
  }
  return { n, wrong }
}

function checkDoubled({ sends, parties }: Recording, log: Log): Finding {
  const wrong: string[] = []
  for (const send of sends) {
    const stored = log.byText.get(send.text)?.length ?? 0
    // Without an id every attempt of unknown outcome may have left a message; with one there is never a second.
    const allowed = send.clientMessageId === null ? send.openAttempts + send.acks.length : 1
    if (stored > Math.max(allowed, 1)) wrong.push(`${send.text} is stored ${stored} times`)
    const ids = new Set(send.acks.map(({ id }) => id))
    if (ids.size > Math.max(allowed, 1)) wrong.push(`${send.text} was acknowledged as ${[...ids].join(' and ')}`)
  }
  for (const [key, events] of Map.groupBy(
    [...log.byThread.values()].flat().filter(({ clientMessageId }) => clientMessageId !== null),
    (event) => JSON.stringify([threadKey(event), event.sender, event.clientMessageId]),
  ))
    if (events.length > 1) wrong.push(`${key} is stored ${events.length} times`)
  for (const party of parties) {
    for (const item of party.repeats) wrong.push(`${party.name} was told ${item.id} (${item.text}) twice`)
    const ids = new Set(party.items.map(({ id }) => id))
    if (ids.size < party.items.length) wrong.push(`${party.name} holds ${party.items.length - ids.size} items twice`)
  }
  return { n: sends.length, wrong }
}

function checkOrder({ sends, parties }: Recording, log: Log): Finding {
  const wrong: string[] = []
  let n = 0
  const place = new Map<string, number>()
  for (const thread of log.byThread.values()) thread.forEach(({ id }, index) => place.set(id, index))
  for (const [key, stream] of log.streams) {
    n += stream.length
    for (const [before, after] of pairs(stream))
      if (before.timestamp >= after.timestamp) wrong.push(`${key}: ${after.seq} is not later than ${before.seq}`)
  }
  for (const party of parties.filter(({ sees }) => sees !== 'pushed'))
    for (const items of Map.groupBy(party.items, ({ visitorId }) => visitorId).values()) {
      n += items.length
      for (const [before, after] of pairs(items))
        if ((place.get(before.id) ?? -1) >= (place.get(after.id) ?? Infinity))
          wrong.push(`${party.name} has ${after.id} after ${before.id}, the log before it`)
    }
  for (const own of Map.groupBy(sends, ({ party }) => party).values())
    for (const thread of Map.groupBy(own, threadKey).values())
      for (const [before, after] of pairs(thread.filter(isSettledOnce)))
        if (placeOf(before, log, place) > placeOf(after, log, place))
          wrong.push(`${after.party} sent ${after.text} after ${before.text}, the log has it before`)
  return { n, wrong }
}

/** Sends that a client made one after the other and knows the place of. */
const isSettledOnce = ({ outcome, clientMessageId, openAttempts }: Send): boolean =>
  outcome === 'ok' && (clientMessageId !== null || openAttempts === 0)

function placeOf(send: Send, log: Log, place: Map<string, number>): number {
  const event = log.byText.get(send.text)?.[0]
  return event === undefined ? -1 : (place.get(event.id) ?? -1)
}

function checkGaps({ parties }: Recording, log: Log): Finding {
  const wrong: string[] = []
  let n = 0
  for (const [key, stream] of log.streams) {
    n += stream.length
    const hole = stream.findIndex(({ seq }, index) => seq !== index + 1)
    if (hole !== -1) wrong.push(`the log of ${key} has ${stream[hole]?.seq} in place of ${hole + 1}`)
  }
  for (const party of parties.filter(({ sees }) => sees === 'numbered')) {
    const streams = Map.groupBy(party.items, ({ visitorId, stream }) => `${party.workspaceId} ${visitorId} ${stream}`)
    for (const [key, items] of streams) {
      n += items.length
      const hole = items.findIndex(({ seq }, index) => seq !== index + 1)
      if (hole !== -1) wrong.push(`${party.name} holds ${items[hole]?.seq} in place of ${hole + 1} of ${key}`)
      const last = log.streams.get(key)?.length ?? 0
      if (items.length < last) wrong.push(`${party.name} holds ${items.length} of the ${last} events of ${key}`)
    }
  }
  return { n, wrong }
}

/** Whose words a client may hear: a visitor its own thread's public ones, an agent the whole workspace's. */
export function mayHear({ workspaceId, visitorId }: Party, owner: string): boolean {
  const workspace = workspaceId.replace(/^wsp_/, '')
  return visitorId === 'all' ? owner.startsWith(`${workspace}.`) : owner === `${workspace}.${visitorId}`
}

function checkForeign({ parties }: Recording): Finding {
  const wrong = parties.flatMap((party) =>
    [...party.owners]
      .filter(([owner]) => !mayHear(party, owner))
      .map(([owner, count]) => `${party.name} received words of ${owner} ${count} times`),
  )
  return { n: parties.reduce((sum, { bytes }) => sum + bytes, 0), wrong }
}

function checkRecoveries({ recoveries }: Recording): Finding {
  const slow = recoveries.filter(({ tookMs }) => tookMs > RECOVERY_MAX_MS)
  return {
    n: recoveries.length,
    wrong: slow.map(({ fault, tookMs }) => `${fault}: ${tookMs} ms until all had caught up`),
  }
}

function checkBehaviour({ misbehaviours, sends, attempts }: Recording): Finding {
  const refused = sends.filter(({ outcome }) => outcome === 'fail')
  const bugs = attempts.filter(({ code }) => code === 'internal')
  return {
    n: attempts.length,
    wrong: [
      ...misbehaviours.map(({ service, what }) => `${service}: ${what}`),
      ...refused.map(({ text, party, code }) => `${text} of ${party} was refused for good: ${code}`),
      ...bugs.map(({ party }) => `${party} was answered "internal"`),
    ],
  }
}

function checkAlerts({ waiting, alerts, sends }: Recording, log: Log): Finding {
  const wrong: string[] = []
  const acked = new Set(sends.filter(({ outcome }) => outcome === 'ok').map(threadKey))
  const rows = Map.groupBy(alerts, threadKey)
  let n = 0
  for (const visitor of waiting) {
    const key = threadKey(visitor)
    const written = log.byThread.get(key)?.some(({ name }) => name === 'message.sent') ?? false
    if (!acked.has(key) && !written) continue
    for (const step of [1, 2]) {
      n += 1
      const found = rows.get(key)?.filter((row) => row.step === step) ?? []
      if (found.length === 0) wrong.push(`no alert ${step} was made for ${visitor.visitorId}`)
      if (found.length > 1) wrong.push(`${found.length} alerts ${step} were made for ${visitor.visitorId}`)
      for (const row of found)
        if (row.status !== 'sent') wrong.push(`alert ${step} of ${visitor.visitorId} is ${row.status}`)
    }
    if (!rows.get(key)?.some(({ heardBy }) => heardBy.size > 0))
      wrong.push(`nobody heard that ${visitor.visitorId} waits`)
  }
  for (const { alertId, visitorId, step, heardBy } of alerts)
    for (const [party, times] of heardBy)
      if (times > 1)
        wrong.push(`${party} heard alert ${step} of ${visitorId} (${alertId}) ${times} times on one connection`)
  return { n, wrong }
}

function checkExpectations({ expectations }: Recording): Finding {
  const broken = expectations.filter(({ held }) => !held)
  return { n: expectations.length, wrong: broken.map(({ fault, rule, seen }) => `${fault}: ${rule}; seen: ${seen}`) }
}

function* pairs<T>(items: readonly T[]): Generator<[T, T]> {
  for (let index = 1; index < items.length; index += 1) {
    const [before, after] = [items[index - 1], items[index]]
    if (before !== undefined && after !== undefined) yield [before, after]
  }
}
