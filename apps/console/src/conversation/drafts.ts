import { browserStorage } from '@dosti/client'

/** What was typed and not sent, per conversation and field, kept in this browser. */
export type DraftField = 'message' | 'note'

const storage = browserStorage()

// The id comes last, so no id can reach another one's key.
const keyOf = (scope: string, field: DraftField, visitorId: string) => `${scope}.draft.${field}.${visitorId}`

/** The draft, or an empty text. */
export function readDraft(scope: string, field: DraftField, visitorId: string): string {
  return storage.get(keyOf(scope, field, visitorId)) ?? ''
}

/** Keeps a draft, until the page ends where storage is full or forbidden; an empty one is removed. */
export function writeDraft(scope: string, field: DraftField, visitorId: string, text: string): void {
  const key = keyOf(scope, field, visitorId)
  if (text === '') storage.remove(key)
  else storage.set(key, text)
}
