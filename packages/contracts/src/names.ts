/**
 * Plain constants of the wire, without zod: browsers import this file at run time and everything else as types.
 */

/** The version of the extended protocol; a client states it as `protocol`. */
export const PROTOCOL_VERSION = 1

/** A message or note, in Unicode code points. */
export const TEXT_LENGTH_MAX = 5000
/** A visitor id, in Unicode code points. */
export const VISITOR_ID_LENGTH_MAX = 128
/** A visitor's name, in Unicode code points; longer ones are cut, not refused. */
export const VISITOR_NAME_LENGTH_MAX = 128
/** A `clientMessageId` or `Idempotency-Key`, in characters. */
export const CLIENT_MESSAGE_ID_LENGTH_MAX = 128
/** Any request body or socket packet, in bytes. */
export const BODY_BYTES_MAX = 65_536
/** Messages in one poll, and events in one sync. */
export const PAGE_SIZE_MAX = 500
/** Events in a snapshot and conversations in a list when the caller names no limit. */
export const PAGE_SIZE_DEFAULT = 50
/** The events of one answer, in bytes of JSON: half of what a reader may leave unread before it is cut (F2). */
export const PAGE_BYTES_MAX = 500_000
/** Threads that one `conversation.resume` may name; the rest are read when they are opened. */
export const RESUME_THREADS_MAX = 50
/** How far back a visitor without a token may read, in milliseconds: 14 days. */
export const OPEN_HISTORY_MS = 14 * 24 * 60 * 60 * 1000
/** A typing signal counts for this long unless it is repeated, in milliseconds. */
export const TYPING_EXPIRES_MS = 6000
/** A raw WebSocket must say hello within this time, in milliseconds. */
export const HELLO_TIMEOUT_MS = 10_000
/** What a public key begins with. */
export const PUBLIC_KEY_PREFIX = 'dosti_pub_'
