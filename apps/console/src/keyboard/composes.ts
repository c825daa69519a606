/**
 * Whether a key goes to an input method (Devanagari, Urdu, Japanese…), where Enter and Escape choose or drop a word. In Safari the
 * composition has ended by then: only the old code tells.
 */
export function composes({ isComposing, keyCode }: Pick<KeyboardEvent, 'isComposing' | 'keyCode'>): boolean {
  return isComposing || keyCode === 229
}
