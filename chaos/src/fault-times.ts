/** What the sends of a span of time came to. Pure. */
import type { Attempt } from './recording.ts'

export interface Answers {
  n: number
  ok: number
  refused: number
  /** No answer came. */
  lost: number
  slowestMs: number
  /** The 99th percentile of how long answers took, in milliseconds. */
  p99Ms: number
}

/** Of the attempts that began within a span; `of` picks among them. */
export function answersBetween(
  attempts: readonly Attempt[],
  from: number,
  until: number,
  of: (attempt: Attempt) => boolean = () => true,
): Answers {
  const within = attempts.filter((attempt) => attempt.startedAt >= from && attempt.startedAt < until && of(attempt))
  const times = within.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  const count = (outcome: Attempt['outcome']) => within.filter((attempt) => attempt.outcome === outcome).length
  return {
    n: within.length,
    ok: count('ok'),
    refused: count('refused'),
    lost: count('lost'),
    slowestMs: times.at(-1) ?? 0,
    p99Ms: times[Math.max(0, Math.ceil(times.length * 0.99) - 1)] ?? 0,
  }
}

/** In words, for the report. */
export function inWords({ n, ok, refused, lost, slowestMs, p99Ms }: Answers): string {
  return `${n} asked: ${ok} ok, ${refused} refused, ${lost} unanswered, p99 ${p99Ms} ms, slowest ${slowestMs} ms`
}
