import type { WireError } from './errors.ts'

/** What every request is answered with, on every transport, exactly once. */
export type Reply<T> = { ok: true; data: T } | { ok: false; error: WireError }
