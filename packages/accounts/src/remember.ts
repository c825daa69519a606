/** How long a look-up may be believed, in milliseconds: a revoked key or session works at most this much longer. */
const BELIEVED_MS = 1000
const ENTRIES_MAX = 10_000

/** Remembers a look-up's answers for one second, misses included; whoever asks meanwhile shares the question. The stopwatch never steps back. */
export function remember<Q extends unknown[], T>(
  lookUp: (...question: Q) => Promise<T>,
  keyOf: (...question: Q) => string,
  stopwatch: () => number,
): (...question: Q) => Promise<T> {
  const entries = new Map<string, { answer: Promise<T>; until: number }>()
  return (...question) => {
    const key = keyOf(...question)
    const now = stopwatch()
    const known = entries.get(key)
    if (known && known.until > now) return known.answer
    if (entries.size >= ENTRIES_MAX) entries.clear()
    const answer = lookUp(...question)
    entries.set(key, { answer, until: now + BELIEVED_MS })
    // A failure is not an answer.
    answer.catch(() => entries.delete(key))
    return answer
  }
}
