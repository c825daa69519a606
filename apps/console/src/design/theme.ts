import { useSyncExternalStore } from 'react'
import { storedValue } from './stored-value.ts'

export type Theme = 'system' | 'light' | 'dark'

// `public/theme.js` reads the same key before the first paint.
const stored = storedValue<Theme>('dosti.theme', ['system', 'light', 'dark'], 'system')

/** Applies a theme and remembers it in this browser; `system` follows the system again. */
export function setTheme(theme: Theme): void {
  stored.set(theme)
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

/** The theme that was chosen, not the one that results. */
export const useTheme = (): Theme => useSyncExternalStore(stored.subscribe, stored.get)
