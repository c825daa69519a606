/**
 * Where j (1) and k (-1) lead in a list of `count` rows: from row `at`; where that has left the list (-1), to the rows that stood beside it
 * at `before`; and where nothing was selected yet (both -1), to an end.
 */
export function nextPlace({
  at,
  before,
  by,
  count,
}: {
  at: number
  before: number
  by: 1 | -1
  count: number
}): number {
  const from = at !== -1 ? at : by === 1 ? before - 1 : before === -1 ? count : before
  return Math.min(Math.max(from + by, 0), count - 1)
}
