/** T31: packets that nobody's client sends: right in form and wrong in kind, or damaged on a byte. Pure. */
import { OPERATIONS } from '@dosti/contracts'
import type { Random } from './random.ts'

const OPERATION_NAMES = Object.keys(OPERATIONS)
const NAMES = [...OPERATION_NAMES, 'send_message', 'typing', 'stop_typing', 'no_such', '__proto__', 'toString', '', 5]
const FIELDS = `
  apiKey key protocol role visitorId visitorName visitorToken ticket text message clientMessageId typing limit after before since
  internalAfter threads seq status agentId available id __proto__ constructor toString then toJSON length`
  .trim()
  .split(/\s+/u)
const BARE = [null, true, false, 0, -1, 5, 1.5, 1e308, '', 'x', '5', 'a\0b', '\ud800', '__proto__', 'x'.repeat(6000)]

/** Anything that JSON can say, mostly small. */
export function anyValue(random: Random, depth = 3): unknown {
  const kind = depth === 0 ? 0 : random.between(0, 4)
  const some = () => Array.from({ length: random.between(0, 4) }, () => anyValue(random, depth - 1))
  if (kind === 3) return some()
  if (kind === 4) return Object.fromEntries(some().map((value) => [random.pick(FIELDS), value]))
  return random.pick(BARE)
}

/** An input that some operation could take: an object of known fields. */
function anyInput(random: Random, known: object): unknown {
  if (random.chance(0.2)) return anyValue(random)
  const fields = Array.from({ length: random.between(0, 5) }, () => [random.pick(FIELDS), anyValue(random, 2)])
  return { ...(random.chance(0.7) ? known : {}), ...Object.fromEntries(fields) }
}

/** A packet for Socket.IO; `known` are fields that are right. */
export function socketIoPacket(random: Random, known: object): string | Buffer {
  const id = random.chance(0.5) ? random.between(0, 99) : ''
  const args = () => [random.pick(NAMES), anyInput(random, known), ...(random.chance(0.2) ? [anyValue(random)] : [])]
  const held = { _placeholder: true, num: random.between(0, 2) }
  if (random.chance(0.8)) return `42${id}${JSON.stringify(args())}`
  // Many of these end the connection, so they are few.
  const others = [
    () => `42${JSON.stringify(anyValue(random))}`,
    () => `40${JSON.stringify(anyInput(random, known))}`,
    () => `43${id}${JSON.stringify(anyValue(random))}`,
    () => `45${random.between(0, 2)}-${id}${JSON.stringify([random.pick(NAMES), held])}`,
    () => `42/${random.pick(['admin', '', '/', '__proto__'])},${JSON.stringify(args())}`,
    () => random.pick(['0', '1', '2', '3', '41', '44{}', '5', '6', '']),
    () => Buffer.from(`${id}`),
    () => damaged(random, `42${id}${JSON.stringify(args())}`),
  ]
  return random.pick(others)()
}

/** A frame for the raw socket. */
export function rawFrame(random: Random, known: object): string | Buffer {
  const op = random.chance(0.9) ? random.pick(NAMES) : anyValue(random, 1)
  const frame = {
    id: random.chance(0.9) ? random.between(0, 99) : anyValue(random, 1),
    op,
    input: anyInput(random, known),
  }
  const packet = JSON.stringify(random.chance(0.9) ? frame : anyValue(random))
  return random.chance(0.9) ? packet : damaged(random, packet)
}

function damaged(random: Random, packet: string): string | Buffer {
  if (random.chance(0.1)) return Buffer.from(packet)
  const [at, length] = [random.between(0, packet.length), random.between(0, 4)]
  return packet.slice(0, at) + String.fromCharCode(random.between(0, 0xd7ff)) + packet.slice(at + length)
}
