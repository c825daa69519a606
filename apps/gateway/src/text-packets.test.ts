import { Decoder, Encoder, PacketType, type Packet } from 'socket.io-parser'
import { describe, expect, it } from 'vitest'
import { PacketEncoder } from './text-packets.ts'

const event = { text: 'آپ کا آرڈر "راستے" میں ہے\n', seq: 7, name: null, list: [], on: false }
const packets: Packet[] = [
  { type: PacketType.CONNECT, nsp: '/', data: { sid: 'a' } },
  { type: PacketType.CONNECT, nsp: '/' },
  { type: PacketType.DISCONNECT, nsp: '/' },
  { type: PacketType.DISCONNECT, nsp: '/elsewhere' },
  { type: PacketType.EVENT, nsp: '/', data: ['message.sent', event] },
  { type: PacketType.EVENT, nsp: '/elsewhere', id: 12, data: ['typing', undefined, event] },
  { type: PacketType.ACK, nsp: '/', id: 0, data: [event] },
  { type: PacketType.ACK, nsp: '/', id: 3, data: [] },
  { type: PacketType.CONNECT_ERROR, nsp: '/', data: { message: 'no', data: { code: 'auth.invalid' } } },
  { type: PacketType.CONNECT_ERROR, nsp: '/', data: 'no' },
]

describe('packets as text', () => {
  it.each(packets)('are those of the stock encoder: $type to $nsp, $data', (packet) => {
    expect(new PacketEncoder().encode({ ...packet })).toEqual(new Encoder().encode({ ...packet }))
  })

  it('are read by the stock decoder', () => {
    const read: Packet[] = []
    const decoder = new Decoder()
    decoder.on('decoded', (packet) => read.push(packet))
    const packet: Packet = { type: PacketType.EVENT, nsp: '/elsewhere', id: 4, data: ['message.sent', event] }
    for (const text of new PacketEncoder().encode(packet)) decoder.add(text)
    expect(read).toEqual([packet])
  })
})
