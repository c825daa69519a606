import { Dialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { buttonClass } from '../design/button.tsx'
import { type Shortcut, SHORTCUTS } from './shortcuts.ts'
import { useSingleKeys } from './use-shortcuts.ts'

const SCOPES: readonly Shortcut['scope'][] = ['Conversations', 'Conversation', 'Everywhere']
const FIXED = [
  { keys: 'Enter', label: 'Send' },
  { keys: 'Shift Enter', label: 'New line' },
]

/** All keys, from the table, and the switch for the single ones. */
export function HelpSheet({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/35 transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Popup className="fixed inset-x-4 top-1/2 z-50 mx-auto max-h-[88dvh] max-w-100 -translate-y-1/2 overflow-y-auto rounded-2xl border border-line bg-raised p-5 shadow-large outline-none transition duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0">
          <div className="mb-3 flex items-center justify-between">
            <Dialog.Title className="text-lg font-semibold tracking-tight">Keyboard shortcuts</Dialog.Title>
            <Dialog.Close aria-label="Close" className={buttonClass('quiet', 'icon')}>
              <X aria-hidden size={17} />
            </Dialog.Close>
          </div>
          {SCOPES.map((scope) => (
            <Section
              key={scope}
              title={scope}
              rows={SHORTCUTS.filter((shortcut) => shortcut.scope === scope).map(({ keys, label }) => ({
                keys: shown(keys[0]),
                label,
              }))}
            />
          ))}
          <Section title="While writing" rows={FIXED} />
          <SingleKeysSwitch />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

const shown = (key: string) => (key === 'Escape' ? 'Esc' : key.length === 1 ? key.toUpperCase() : key)

function Section({ title, rows }: { title: string; rows: { keys: string; label: string }[] }) {
  return (
    <section className="mb-3">
      <h3 className="mb-0.5 text-2xs font-semibold text-faint">{title}</h3>
      <dl>
        {rows.map(({ keys, label }) => (
          <div key={keys} className="flex items-center justify-between py-1 text-sm">
            <dt>{label}</dt>
            <dd className="flex gap-1">
              {keys.split(' ').map((key) => (
                <kbd
                  key={key}
                  className="min-w-6 rounded-md border border-line bg-canvas px-1.5 text-center font-sans text-xs text-soft shadow-small"
                >
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function SingleKeysSwitch() {
  const [on, set] = useSingleKeys()
  return (
    <label className="mt-4 flex cursor-pointer items-center justify-between gap-4 border-t border-line pt-4 text-sm">
      <span>
        <span className="font-medium">Single keys</span>
        <span className="block text-xs text-soft">They never work while you type in a field.</span>
      </span>
      <input
        type="checkbox"
        role="switch"
        checked={on}
        onChange={(event) => set(event.target.checked)}
        className="size-4.5 accent-accent"
      />
    </label>
  )
}
