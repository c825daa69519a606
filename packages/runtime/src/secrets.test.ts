import { describe, expect, it } from 'vitest'
import { digest, hashPassword, randomPublicKey, randomToken, verifyPassword } from './secrets.ts'

describe('passwords', () => {
  it('verify against their hash, and no others do', async () => {
    const hash = await hashPassword('correct horse')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await verifyPassword('correct horse', hash)).toBe(true)
    expect(await verifyPassword('correct horse ', hash)).toBe(false)
  })
  it('never match a hash of unknown form', async () => expect(await verifyPassword('x', 'x')).toBe(false))
})

describe('tokens', () => {
  it('have 256 bits and differ', () => {
    expect(randomToken()).toMatch(/^[\w-]{43}$/)
    expect(randomToken()).not.toBe(randomToken())
  })
  it('public keys have the form that the door checks', () => expect(randomPublicKey()).toMatch(/^dosti_pub_[\w-]{32}$/))
  it('are stored as SHA-256', () =>
    expect(digest('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'))
})
