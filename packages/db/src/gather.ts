/** Look-ups of one kind, asked together: what arrives in one turn of the event loop, and while others are under way, is one question. */

const AT_ONCE_MAX = 500
const IN_FLIGHT_MAX = 2

interface Waiting<K, V> {
  key: K
  settle: PromiseWithResolvers<V>
}

/** Turns a look-up of many, whose answers stand in the order of the keys, into one of a single key. A failure fails all that asked. */
export function gather<K, V>(lookUpMany: (keys: K[]) => Promise<V[]>): (key: K) => Promise<V> {
  const queue: Waiting<K, V>[] = []
  let inFlight = 0
  let scheduled = false
  const ask = async (asked: readonly Waiting<K, V>[]): Promise<void> => {
    inFlight += 1
    try {
      const answers = await lookUpMany(asked.map(({ key }) => key))
      asked.forEach(({ settle }, index) => settle.resolve(answers[index] as V))
    } catch (error) {
      for (const { settle } of asked) settle.reject(error)
    } finally {
      inFlight -= 1
      flush()
    }
  }
  const flush = (): void => {
    scheduled = false
    while (queue.length > 0 && inFlight < IN_FLIGHT_MAX) void ask(queue.splice(0, AT_ONCE_MAX))
  }
  return (key) => {
    const settle = Promise.withResolvers<V>()
    queue.push({ key, settle })
    if (!scheduled) setImmediate(flush)
    scheduled = true
    return settle.promise
  }
}
