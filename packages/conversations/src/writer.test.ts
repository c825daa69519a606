import { describe, expect, it } from 'vitest'
import type { Change, Outcome, Progress } from './ports.ts'
import { createWriter } from './writer.ts'

const change = (visitorId: string): Change => ({
  workspaceId: 'wsp_a',
  visitorId,
  createVisitor: true,
  decide: () => ({ events: [] }),
})
const done: Outcome = { ok: true, changed: { events: [], repeated: false, conversation: null } }

/** A store whose commits wait until they are let go. */
function heldStore() {
  const batches: {
    visitors: string[]
    progress: Progress | undefined
    finish: (outcomes?: Outcome[]) => void
    fail: (error: Error) => void
  }[] = []
  const change = (changes: readonly Change[], progress?: Progress) =>
    new Promise<Outcome[]>((resolve, reject) => {
      const finish = (outcomes: Outcome[] = changes.map(() => done)) => {
        outcomes.forEach((outcome, index) => progress?.settled(index, outcome))
        resolve(outcomes)
      }
      batches.push({ visitors: changes.map(({ visitorId }) => visitorId), progress, finish, fail: reject })
    })
  return { batches, change }
}
const writerOver = (store: ReturnType<typeof heldStore>, stopwatch: () => number, bounds = {}) =>
  createWriter({ store, stopwatch, defer: (work) => void Promise.resolve().then(work) }, bounds)
const turn = async () => {
  for (let step = 0; step < 20; step += 1) await Promise.resolve()
}

describe('the writer', () => {
  it('gathers what arrives while batches commit', async () => {
    const store = heldStore()
    const writer = writerOver(store, () => 0)
    const all = [writer.change(change('a')), writer.change(change('b'))]
    await turn()
    all.push(writer.change(change('c')))
    await turn()
    all.push(writer.change(change('d')), writer.change(change('e')))
    await turn()
    expect(store.batches.map(({ visitors }) => visitors)).toEqual([['a', 'b'], ['c']])
    store.batches[0]?.finish()
    await turn()
    expect(store.batches[2]?.visitors).toEqual(['d', 'e'])
    store.batches[1]?.finish()
    store.batches[2]?.finish()
    await expect(Promise.all(all)).resolves.toHaveLength(5)
  })

  it('D3 keeps the order of one visitor: its next change waits for the one in flight', async () => {
    const store = heldStore()
    const writer = writerOver(store, () => 0)
    const first = writer.change(change('a'))
    await turn()
    const second = writer.change(change('a'))
    await turn()
    expect(store.batches).toHaveLength(1)
    store.batches[0]?.finish()
    await first
    await turn()
    store.batches[1]?.finish()
    await second
    expect(store.batches.map(({ visitors }) => visitors)).toEqual([['a'], ['a']])
  })

  it('gives each change its own outcome', async () => {
    const store = heldStore()
    const writer = writerOver(store, () => 0)
    const [good, bad] = [writer.change(change('a')), writer.change(change('b'))]
    await turn()
    store.batches[0]?.finish([done, { ok: false, error: new Error('no') }])
    await expect(good).resolves.toMatchObject({ repeated: false })
    await expect(bad).rejects.toThrow('no')
  })

  it('refuses with service.unavailable when too many wait, instead of growing', async () => {
    const store = heldStore()
    const writer = writerOver(store, () => 0, { batchMax: 1, queueMax: 2 })
    const taken = [writer.change(change('a')), writer.change(change('b'))]
    await expect(writer.change(change('c'))).rejects.toMatchObject({ code: 'service.unavailable' })
    await turn()
    for (const batch of store.batches) batch.finish()
    await expect(Promise.all(taken)).resolves.toHaveLength(2)
  })

  it('one locked visitor stalls nobody: its batch lets the next ones begin, and its neighbours answer', async () => {
    const store = heldStore()
    const writer = writerOver(store, () => 0)
    const stuck = [writer.change(change('locked')), writer.change(change('free'))]
    await turn()
    store.batches[0]?.progress?.settled(1, done)
    store.batches[0]?.progress?.ready()
    await stuck[1]
    const others = [writer.change(change('free'))]
    await turn()
    others.push(writer.change(change('b')), writer.change(change('locked')))
    await turn()
    expect(store.batches.map(({ visitors }) => visitors)).toEqual([['locked', 'free'], ['free'], ['b']])
    store.batches[0]?.progress?.settled(0, done)
    await stuck[0]
    store.batches[1]?.finish()
    store.batches[2]?.finish()
    await turn()
    expect(store.batches[3]?.visitors).toEqual(['locked'])
    store.batches[3]?.finish()
    await Promise.all(others)
  })

  it('D8 drops who waited too long, instead of committing what was refused', async () => {
    const store = heldStore()
    let now = 0
    const writer = writerOver(store, () => now, { batchMax: 1 })
    const held = [writer.change(change('a')), writer.change(change('b'))]
    const late = writer.change(change('c'))
    await turn()
    now = 2501
    const fresh = writer.change(change('d'))
    for (const batch of store.batches) batch.finish()
    await expect(late).rejects.toMatchObject({ code: 'service.unavailable' })
    await Promise.all(held)
    await turn()
    store.batches[2]?.finish()
    await fresh
    expect(store.batches.map(({ visitors }) => visitors)).toEqual([['a'], ['b'], ['d']])
  })

  it('a failed batch fails its changes and no others', async () => {
    const store = heldStore()
    const writer = writerOver(store, () => 0)
    const first = writer.change(change('a'))
    await turn()
    store.batches[0]?.fail(new Error('away'))
    await expect(first).rejects.toThrow('away')
    const second = writer.change(change('a'))
    await turn()
    store.batches[1]?.finish()
    await expect(second).resolves.toMatchObject({ repeated: false })
  })
})
