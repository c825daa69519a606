/** What was typed and not sent, per conversation and field, kept in this browser. */
export type DraftField = 'message' | 'note'

// The id comes last, so no id can reach another one's key.
const keyOf = (scope: string, field: DraftField, visitorId: string) => `${scope}.draft.${field}.${visitorId}`

/** The draft, or an empty text. */
export function readDraft(scope: string, field: DraftField, visitorId: string): string {
  try {
    return localStorage.getItem(keyOf(scope, field, visitorId)) ?? ''
  } catch {
    return ''
  }
}

/** Keeps a draft; an empty one is removed. */
export function writeDraft(scope: string, field: DraftField, visitorId: string, text: string): void {
  try {
    if (text === '') localStorage.removeItem(keyOf(scope, field, visitorId))
    else localStorage.setItem(keyOf(scope, field, visitorId), text)
  } catch {
    // Storage is full or forbidden: the text stays in the field, and is lost with the page.
  }
}
