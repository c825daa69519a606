import { useEffect, useRef, useSyncExternalStore } from 'react'
import { storedValue } from '../design/stored-value.ts'
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
      const { key, ctrlKey, metaKey, altKey, repeat, isComposing } = event
      const shortcut = shortcutOf(
        { key, ctrlKey, metaKey, altKey, repeat, isComposing, place },
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

/** Menus and dialogs have keys of their own, until they begin to close: `null` there. */
function placeOf(target: EventTarget | null): KeyPress['place'] | null {
  if (!(target instanceof HTMLElement)) return 'page'
  if (target.closest('[role=menu]:not([data-closed]),[role=dialog]:not([data-closed])') !== null) return null
  if (target.isContentEditable || target.closest('input,textarea,select') !== null) return 'field'
  return target.closest('button,a,[role=tab]') !== null ? 'control' : 'page'
}
