import { z } from 'zod'
import {
  CLIENT_MESSAGE_ID_LENGTH_MAX,
  TEXT_LENGTH_MAX,
  VISITOR_ID_LENGTH_MAX,
  VISITOR_NAME_LENGTH_MAX,
} from './names.ts'

/** Counts Unicode code points, the unit of every length limit of the wire. */
export function codePoints(text: string): number {
  let count = 0
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    // The second half of a surrogate pair belongs to the code point already counted.
    if (unit < 0xdc00 || unit > 0xdfff) count += 1
  }
  return count
}

/** True if a text has at most so many code points; quick for the usual short one. */
export function isWithin(text: string, lengthMax: number): boolean {
  return text.length <= lengthMax || codePoints(text) <= lengthMax
}

/** Cuts at a number of code points, never through the middle of one. */
export function cutText(text: string, lengthMax: number): string {
  return isWithin(text, lengthMax) ? text : Array.from(text).slice(0, lengthMax).join('')
}

/** What every text must be that reaches Postgres, which takes neither NUL nor lone surrogates. For `refine`. */
export const storable = [
  (text: string) => !text.includes('\0') && text.isWellFormed(),
  'must be valid Unicode without NUL',
] as const
// Unicode's category of control characters: C0, DEL and C1.
const CONTROL = /\p{Cc}/u

/** The text of a message or note: 1 to 5000 code points that are not all white space. */
export const messageText = z
  .string({ error: (issue) => (issue.input === undefined ? 'is missing' : 'must be a string') })
  .refine((text) => text.trim() !== '', 'must not be empty')
  .refine((text) => isWithin(text, TEXT_LENGTH_MAX), `must be at most ${TEXT_LENGTH_MAX} characters`)
  .refine(...storable)
  .meta({ id: 'MessageText', minLength: 1, maxLength: TEXT_LENGTH_MAX })

/** A visitor id: any string of 1 to 128 code points without control characters. */
export const visitorId = z
  .string({ error: (issue) => (issue.input === undefined ? 'is missing' : 'must be a string') })
  .refine((id) => id.length > 0, 'must not be empty')
  .refine((id) => isWithin(id, VISITOR_ID_LENGTH_MAX), `must be at most ${VISITOR_ID_LENGTH_MAX} characters`)
  .refine((id) => !CONTROL.test(id) && id.isWellFormed(), 'must be valid Unicode without control characters')
  .meta({ id: 'VisitorId', minLength: 1, maxLength: VISITOR_ID_LENGTH_MAX })

/** A visitor's name as somebody typed it: control characters become spaces, the rest is cut at 128 code points; empty means unknown. */
export const visitorName = z
  .string('must be a string')
  .transform((name) =>
    cutText(
      name
        .toWellFormed()
        .replaceAll(/\p{Cc}/gu, ' ')
        .trim(),
      VISITOR_NAME_LENGTH_MAX,
    ),
  )
  .transform((name) => (name === '' ? undefined : name))

/** What a sender calls its message, unique per visitor stream and sender; a repeat with the same text is the same message. */
export const clientMessageId = z
  .string('must be a string')
  .refine(
    (id) => id.length > 0 && isWithin(id, CLIENT_MESSAGE_ID_LENGTH_MAX),
    `must be 1 to ${CLIENT_MESSAGE_ID_LENGTH_MAX} characters`,
  )
  .refine((id) => !CONTROL.test(id) && id.isWellFormed(), 'must be valid Unicode without control characters')
  .meta({ id: 'ClientMessageId', minLength: 1, maxLength: CLIENT_MESSAGE_ID_LENGTH_MAX })
