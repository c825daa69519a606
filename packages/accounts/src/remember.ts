/** How long a look-up may be believed, in milliseconds: a revoked key or session works at most this much longer. */
const BELIEVED_MS = 1000
/** What is asked for in the last part of that time is looked up anew; sooner would only be more often. In milliseconds. */
const RENEWED_LAST_MS = 250
const ENTRIES_MAX = 10_000

/**
 * Remembers a look-up's answers for one second, misses included; whoever asks meanwhile shares the question. What is asked for all the
 * time is looked up anew before its second is over, so that nobody waits. The stopwatch never steps back.
 */
export function remember<Q extends unknown[], T>(
  lookUp: (...question: Q) => Promise<T>,
  keyOf: (...question: Q) => string,
  stopwatch: () => number,
): (...question: Q) => Promise<T> {
  const entries = new Map<string, { answer: Promise<T>; until: number; isRenewed: boolean }>()
  const remembered = (key: string, answer: Promise<T>, askedAt: number): void => {
    if (entries.size >= ENTRIES_MAX) entries.clear()
    entries.set(key, { answer, until: askedAt + BELIEVED_MS, isRenewed: false })
  }
  return (...question) => {
    const key = keyOf(...question)
    const now = stopwatch()
    const known = entries.get(key)
    if (known === undefined || known.until <= now) {
      const answer = lookUp(...question)
      remembered(key, answer, now)
      // A failure is not an answer.
      answer.catch(() => entries.delete(key))
      return answer
    }
    if (!known.isRenewed && known.until - now < RENEWED_LAST_MS) {
      known.isRenewed = true
      const answer = lookUp(...question)
      answer.then(
        () => remembered(key, answer, now),
        () => {},
      )
    }
    return known.answer
  }
}
