import { isIPv6 } from 'node:net'

/** IPv6 is handed out in networks of 64 bits: whoever has one has all its addresses. Pure. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address
  const groups = (address.split('::')[0] ?? '').split(':').filter((group) => group !== '')
  return [...groups, '0', '0', '0', '0'].slice(0, 4).join(':')
}
