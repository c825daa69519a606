import { useEffect, useRef, useSyncExternalStore } from 'react'
import { storedValue } from '../design/stored-value.ts'
import { composes } from './composes.ts'
import { type Command, type KeyPress, shortcutOf } from './shortcuts.ts'

const handlers = new Map<Command, (() => void)[]>()
const singleKeys = storedValue('dosti.shortcuts', ['on', 'off'], 'on')

/** Whether single keys work, and the switch. */
export function useSingleKeys(): [on: boolean, set: (on: boolean) => void] {
  const value = useSyncExternalStore(singleKeys.subscribe, singleKeys.get)
  return [value === 'on', (on) => singleKeys.set(on ? 'on' : 'off')]
}

/** Answers a command while mounted; the one mounted last wins. */
export function useCommand(command: Command, handler: () => void): void {
  const latest = useRef(handler)
  useEffect(() => {
    latest.current = handler
  })
  useEffect(() => {
    const run = () => latest.current()
    handlers.set(command, [...(handlers.get(command) ?? []), run])
    return () =>
      void handlers.set(
        command,
        (handlers.get(command) ?? []).filter((other) => other !== run),
      )
  }, [command])
}

/** Listens for the table's keys. Mounted once. */
export function useShortcuts(): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return
      const place = placeOf(event.target)
      if (place === null) return
      const { key, ctrlKey, metaKey, altKey, repeat } = event
      const shortcut = shortcutOf(
        { key, ctrlKey, metaKey, altKey, repeat, isComposing: composes(event), place },
        singleKeys.get() === 'on',
      )
      const handler = shortcut && handlers.get(shortcut.command)?.at(-1)
      if (handler === undefined) return
      event.preventDefault()
      handler()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
}

/** What letters are typed into, or choose in. */
const FIELDS = 'input:not([type=radio],[type=checkbox]),textarea,select'

/** Menus and dialogs have keys of their own, until they begin to close: `null` there. */
function placeOf(target: EventTarget | null): KeyPress['place'] | null {
  if (!(target instanceof HTMLElement)) return 'page'
  if (target.closest('[role=menu]:not([data-closed]),[role=dialog]:not([data-closed])') !== null) return null
  if (target.isContentEditable || target.closest(FIELDS) !== null) return 'field'
  return target.closest('button,a,input,[role=tab]') !== null ? 'control' : 'page'
}
