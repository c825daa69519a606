import { expect, test } from 'vitest'
import { type KeyPress, type Shortcut, shortcutOf, SHORTCUTS } from './shortcuts.ts'

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  isComposing: false,
  place: 'page',
  ...more,
})
const commandOf = (pressed: KeyPress, singleKeys = true) => shortcutOf(pressed, singleKeys)?.command

test('no key and no command stands twice in the table', () => {
  const keys = SHORTCUTS.flatMap((shortcut: Shortcut) => [...shortcut.keys])
  expect(new Set(keys).size).toBe(keys.length)
  expect(new Set(SHORTCUTS.map(({ command }) => command)).size).toBe(SHORTCUTS.length)
})

test('in a text field only Escape means anything', () => {
  for (const { keys, command } of SHORTCUTS)
    expect(commandOf(press(keys[0], { place: 'field' }))).toBe(keys[0] === 'Escape' ? command : undefined)
})

test('switched off, only Escape is left', () => {
  for (const { keys, command } of SHORTCUTS)
    expect(commandOf(press(keys[0]), false)).toBe(keys[0] === 'Escape' ? command : undefined)
})

test('capitals count, modifiers and input methods do not', () => {
  expect(commandOf(press('J'))).toBe('list.next')
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { isComposing: true }])
    expect(commandOf(press('j', more))).toBeUndefined()
})

test('Enter on a button or link is that control’s', () => {
  expect(commandOf(press('Enter'))).toBe('list.open')
  expect(commandOf(press('Enter', { place: 'control' }))).toBeUndefined()
})

test('only moving repeats while a key is held', () => {
  expect(commandOf(press('j', { repeat: true }))).toBe('list.next')
  expect(commandOf(press('e', { repeat: true }))).toBeUndefined()
})
