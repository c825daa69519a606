import { beforeAll, describe, expect, it } from 'vitest'
import type { AccountStore } from '../src/ports.ts'
import type { Population } from './memory-store.ts'

/** Who the contract suite expects to find. */
export const POPULATION: Population = {
  workspaces: [
    {
      id: 'wsp_one',
      name: 'One',
      agents: [
        { id: 'agt_cleo', name: 'Cleo', email: 'cleo@one.example', passwordHash: 'hash of cleo', available: true },
        { id: 'agt_abel', name: 'Abel', email: 'abel@one.example', passwordHash: 'hash of abel', available: false },
      ],
    },
    {
      id: 'wsp_two',
      name: 'Two',
      agents: [
        { id: 'agt_dora', name: 'Dora', email: 'dora@two.example', passwordHash: 'hash of dora', available: true },
        { id: 'agt_eli', name: 'Eli', email: 'eli@two.example', passwordHash: 'hash of eli', available: true },
      ],
    },
  ],
  keys: [
    { key: 'dosti_pub_one', workspaceId: 'wsp_one', allowedOrigins: [], revokedAt: null },
    { key: 'dosti_pub_limited', workspaceId: 'wsp_one', allowedOrigins: ['https://one.example'], revokedAt: null },
    { key: 'dosti_pub_two', workspaceId: 'wsp_two', allowedOrigins: [], revokedAt: null },
    { key: 'dosti_pub_old', workspaceId: 'wsp_two', allowedOrigins: [], revokedAt: 1000 },
  ],
}

/** The rules of `AccountStore`, the same for the memory and for Postgres. `create` is called once, for the population above. */
// Long as test files are: one function, so that any store can be given to all of it.
export function registerAccountContract(name: string, create: () => Promise<AccountStore>): void {
  describe(name, () => {
    let store: AccountStore
    let count = 0
    beforeAll(async () => {
      store = await create()
    })
    const newSession = async (agentId: 'agt_cleo' | 'agt_dora' | 'agt_eli' = 'agt_cleo') => {
      count += 1
      const workspaceId = agentId === 'agt_cleo' ? ('wsp_one' as const) : ('wsp_two' as const)
      const session = {
        id: `ses_${count}`,
        digest: `digest ${count}`,
        workspaceId,
        agentId,
        expiresAt: 5_000_000_000_000 + count,
      }
      return { session, created: await store.createSession(session) }
    }

    it('finds a key with its workspace, also a revoked one', async () => {
      expect(await store.findKey('dosti_pub_limited')).toEqual({
        key: 'dosti_pub_limited',
        workspaceId: 'wsp_one',
        workspaceName: 'One',
        allowedOrigins: ['https://one.example'],
        revokedAt: null,
      })
      expect((await store.findKey('dosti_pub_old'))?.revokedAt).toBe(1000)
      expect(await store.findKey('dosti_pub_none')).toBeUndefined()
    })

    it('P3 P4: revokes a key of its workspace alone, and keeps the first time', async () => {
      await store.revokeKey('wsp_one', 'dosti_pub_two')
      expect((await store.findKey('dosti_pub_two'))?.revokedAt).toBeNull()
      await store.revokeKey('wsp_one', 'dosti_pub_one')
      expect((await store.findKey('dosti_pub_one'))?.revokedAt).toBeGreaterThan(1_500_000_000_000)
      await store.revokeKey('wsp_two', 'dosti_pub_old')
      expect((await store.findKey('dosti_pub_old'))?.revokedAt).toBe(1000)
    })

    it('P4: tells what was revoked a moment ago, sessions and keys, and nothing older', async () => {
      const { session } = await newSession()
      expect(await store.revokedWithin(60_000)).not.toContainEqual({ kind: 'session', id: session.id })
      await store.revokeSession('wsp_one', session.id)
      await store.revokeKey('wsp_one', 'dosti_pub_limited')
      const revoked = await store.revokedWithin(60_000)
      expect(revoked).toContainEqual({ kind: 'session', id: session.id })
      expect(revoked).toContainEqual({ kind: 'key', id: 'dosti_pub_limited' })
      expect(revoked).not.toContainEqual({ kind: 'key', id: 'dosti_pub_old' })
    })

    it('finds credentials by e-mail in any case', async () => {
      const expected = { workspaceId: 'wsp_one', agentId: 'agt_cleo', passwordHash: 'hash of cleo' }
      expect(await store.findCredentials('cleo@one.example')).toEqual(expected)
      expect(await store.findCredentials('Cleo@ONE.example')).toEqual(expected)
      expect(await store.findCredentials('cleo@two.example')).toBeUndefined()
    })

    it('a session is found by its digest and by its id, with its agent', async () => {
      const { session, created } = await newSession()
      expect(created).toEqual({
        id: session.id,
        workspaceId: 'wsp_one',
        workspaceName: 'One',
        agent: { id: 'agt_cleo', name: 'Cleo', email: 'cleo@one.example', available: true },
        expiresAt: session.expiresAt,
        revokedAt: null,
      })
      expect(await store.findSession(session.digest)).toEqual(created)
      expect(await store.showSession('wsp_one', session.id)).toEqual(created)
      expect(await store.findSession('digest of nobody')).toBeUndefined()
      expect(await store.showSession('wsp_one', 'ses_none')).toBeUndefined()
    })

    it('P3: a session is neither shown nor revoked by another workspace', async () => {
      const { session } = await newSession()
      expect(await store.showSession('wsp_two', session.id)).toBeUndefined()
      await store.revokeSession('wsp_two', session.id)
      expect((await store.findSession(session.digest))?.revokedAt).toBeNull()
    })

    it('P4: a revoked session says since when', async () => {
      const { session } = await newSession()
      await store.revokeSession('wsp_one', session.id)
      const first = (await store.findSession(session.digest))?.revokedAt
      expect(first).toBeGreaterThan(1_500_000_000_000)
      await store.revokeSession('wsp_one', session.id)
      expect((await store.findSession(session.digest))?.revokedAt).toBe(first)
    })

    it('P3 P4: a membership ends with all sessions, for its workspace alone', async () => {
      const { session } = await newSession('agt_eli')
      await store.removeAgent('wsp_one', 'agt_eli')
      expect(await store.findAgent('wsp_two', 'agt_eli')).toBeDefined()
      const ticket = { workspaceId: 'wsp_two', sessionId: session.id, expiresInMs: 60_000, digest: 'last' } as const
      await store.createTicket(ticket)
      await store.removeAgent('wsp_two', 'agt_eli')
      const removedAt = (await store.findSession(session.digest))?.revokedAt
      expect(removedAt).toBeGreaterThan(1_500_000_000_000)
      expect((await store.takeTicket('last'))?.revokedAt).toBe(removedAt)
      expect(await store.revokedWithin(60_000)).toContainEqual({ kind: 'session', id: session.id })
      expect(await store.findCredentials('eli@two.example')).toBeUndefined()
      expect(await store.findAgent('wsp_two', 'agt_eli')).toBeUndefined()
      expect((await store.agents('wsp_two')).map(({ id }) => id)).toEqual(['agt_dora'])
      expect(await store.setAvailability('wsp_two', 'agt_eli', true)).toBeUndefined()
      await store.removeAgent('wsp_two', 'agt_eli')
      expect((await store.findSession(session.digest))?.revokedAt).toBe(removedAt)
    })

    it('a session of nobody is not made', async () => {
      const session = { id: 'ses_x', digest: 'x', workspaceId: 'wsp_two', agentId: 'agt_cleo', expiresAt: 1 } as const
      await expect(store.createSession(session)).rejects.toThrow()
    })

    it('a ticket lets in once, and not too late', async () => {
      const { session, created } = await newSession('agt_dora')
      const ticket = { workspaceId: 'wsp_two', sessionId: session.id, expiresInMs: 60_000 } as const
      await store.createTicket({ ...ticket, digest: 'ticket 1' })
      await store.createTicket({ ...ticket, digest: 'ticket 2', expiresInMs: 0 })
      expect(await store.takeTicket('ticket 1')).toEqual(created)
      expect(await store.takeTicket('ticket 1')).toBeUndefined()
      expect(await store.takeTicket('ticket 2')).toBeUndefined()
      expect(await store.takeTicket('ticket 3')).toBeUndefined()
    })

    it('of many who take one ticket at once, one gets in', async () => {
      const { session } = await newSession()
      await store.createTicket({ workspaceId: 'wsp_one', sessionId: session.id, expiresInMs: 60_000, digest: 'wanted' })
      const taken = await Promise.all(Array.from({ length: 5 }, () => store.takeTicket('wanted')))
      expect(taken.filter((one) => one !== undefined)).toHaveLength(1)
    })

    it('P3: lists and finds the agents of a workspace alone, by name', async () => {
      expect(await store.agents('wsp_one')).toEqual([
        { id: 'agt_abel', name: 'Abel', available: false },
        { id: 'agt_cleo', name: 'Cleo', available: true },
      ])
      expect(await store.findAgent('wsp_one', 'agt_abel')).toEqual({ id: 'agt_abel', name: 'Abel', available: false })
      expect(await store.findAgent('wsp_one', 'agt_dora')).toBeUndefined()
    })

    it('P3: an agent goes away and comes back, by its own workspace alone', async () => {
      expect(await store.setAvailability('wsp_two', 'agt_dora', false)).toEqual({
        id: 'agt_dora',
        name: 'Dora',
        available: false,
      })
      expect(await store.setAvailability('wsp_one', 'agt_dora', true)).toBeUndefined()
      expect((await store.findAgent('wsp_two', 'agt_dora'))?.available).toBe(false)
      expect((await store.setAvailability('wsp_two', 'agt_dora', true))?.available).toBe(true)
    })

    it('a visitor is bound to the token it was made with', async () => {
      const visitor = {
        workspaceId: 'wsp_one',
        visitorId: '__proto__',
        name: 'Ünal',
        tokenDigest: 'digest of token',
      } as const
      await store.createVisitor(visitor)
      expect(await store.findVisitor('wsp_one', '__proto__')).toEqual({ bound: true, tokenMatches: false })
      expect(await store.findVisitor('wsp_one', '__proto__', 'wrong')).toEqual({ bound: true, tokenMatches: false })
      expect(await store.findVisitor('wsp_one', '__proto__', 'digest of token')).toEqual({
        bound: true,
        tokenMatches: true,
      })
      expect(await store.findVisitor('wsp_two', '__proto__', 'digest of token')).toBeUndefined()
      expect(await store.findVisitor('wsp_one', 'constructor')).toBeUndefined()
      await expect(store.createVisitor(visitor)).rejects.toThrow()
    })

    it('P3 P4: a revoked token of a visitor proves nothing any more', async () => {
      const visitor = { workspaceId: 'wsp_one', visitorId: 'phone', name: null, tokenDigest: 'stolen' } as const
      await store.createVisitor(visitor)
      await store.revokeToken('wsp_two', 'phone', 'stolen')
      await store.revokeToken('wsp_one', 'phone', 'another')
      expect(await store.findVisitor('wsp_one', 'phone', 'stolen')).toEqual({ bound: true, tokenMatches: true })
      expect(await store.revokedWithin(60_000)).not.toContainEqual({ kind: 'token', id: 'stolen' })
      await store.revokeToken('wsp_one', 'phone', 'stolen')
      expect(await store.findVisitor('wsp_one', 'phone', 'stolen')).toEqual({ bound: true, tokenMatches: false })
      expect(await store.revokedWithin(60_000)).toContainEqual({ kind: 'token', id: 'stolen' })
    })
  })
}
