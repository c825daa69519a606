/** THE TABLE of keys: it feeds the handler and the help sheet, so neither can name a key the other does not know. */
export interface Shortcut {
  /** Values of `KeyboardEvent.key`; the first is the one the help sheet shows. */
  keys: readonly string[]
  scope: 'Conversations' | 'Conversation' | 'Everywhere'
  command: string
  label: string
  /** Works inside text fields too, and when single keys are switched off. */
  inFields?: true
  /** Holding the key repeats the command. */
  repeats?: true
}

export const SHORTCUTS = [
  { keys: ['j'], scope: 'Conversations', command: 'list.next', label: 'Next conversation', repeats: true },
  { keys: ['k'], scope: 'Conversations', command: 'list.previous', label: 'Previous conversation', repeats: true },
  { keys: ['Enter'], scope: 'Conversations', command: 'list.open', label: 'Open the selected conversation' },
  { keys: ['r'], scope: 'Conversation', command: 'conversation.reply', label: 'Reply' },
  { keys: ['n'], scope: 'Conversation', command: 'conversation.note', label: 'Write a note' },
  { keys: ['a'], scope: 'Conversation', command: 'conversation.assign', label: 'Assign' },
  { keys: ['e'], scope: 'Conversation', command: 'conversation.close', label: 'Close, or reopen' },
  {
    keys: ['Escape'],
    scope: 'Everywhere',
    command: 'view.back',
    label: 'Leave the text field, then the conversation',
    inFields: true,
  },
  { keys: ['?'], scope: 'Everywhere', command: 'help.show', label: 'Keyboard shortcuts' },
] as const satisfies readonly Shortcut[]

export type Command = (typeof SHORTCUTS)[number]['command']

/** What of a key press decides which shortcut it is. */
export interface KeyPress {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  repeat: boolean
  isComposing: boolean
  /** Where it happened: in a text field, on a control with a meaning of its own for Enter, or elsewhere. */
  place: 'field' | 'control' | 'page'
}

/** The shortcut of a key press, if it is one here and now. */
export function shortcutOf(press: KeyPress, singleKeys: boolean): (typeof SHORTCUTS)[number] | undefined {
  // A key of an input method spells a character; with a modifier the key is the browser's or the system's.
  if (press.isComposing || press.ctrlKey || press.metaKey || press.altKey) return undefined
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key
  const found = SHORTCUTS.find((shortcut: Shortcut) => shortcut.keys.includes(key))
  if (found === undefined) return undefined
  const { inFields, repeats }: Shortcut = found
  if (!inFields && (press.place === 'field' || !singleKeys)) return undefined
  if (found.command === 'list.open' && press.place === 'control') return undefined
  return press.repeat && !repeats ? undefined : found
}
