import { Menu } from '@base-ui/react/menu'
import { Check } from 'lucide-react'
import type { ReactNode } from 'react'

const ITEM =
  'flex w-full items-center gap-2.5 rounded-md px-2.5 py-1.5 text-sm text-ink outline-none select-none data-highlighted:bg-hover touch:min-h-11 data-disabled:opacity-50'

/** The floating part of a menu, placed by its trigger. */
export function MenuPanel({
  children,
  side = 'bottom',
  align = 'end',
  label,
}: {
  children: ReactNode
  side?: 'bottom' | 'top' | 'right'
  align?: 'start' | 'end'
  label: string
}) {
  return (
    <Menu.Portal>
      <Menu.Positioner side={side} align={align} sideOffset={6} collisionPadding={8} className="z-40 outline-none">
        <Menu.Popup
          aria-label={label}
          className="max-h-(--available-height) min-w-56 overflow-y-auto rounded-xl border border-line bg-raised p-1 shadow-large outline-none animate-rise"
        >
          {children}
        </Menu.Popup>
      </Menu.Positioner>
    </Menu.Portal>
  )
}

/** One thing to do. */
export function MenuItem({
  icon,
  children,
  hint,
  onSelect,
}: {
  icon?: ReactNode
  children: ReactNode
  hint?: ReactNode
  onSelect: () => void
}) {
  return (
    <Menu.Item className={ITEM} onClick={onSelect}>
      {icon}
      <span className="min-w-0 flex-1 one-line">{children}</span>
      {hint}
    </Menu.Item>
  )
}

/** One of several choices, of which one holds. */
export function MenuChoice({
  value,
  icon,
  children,
  hint,
}: {
  value: string
  icon?: ReactNode
  children: ReactNode
  hint?: ReactNode
}) {
  return (
    <Menu.RadioItem value={value} closeOnClick className={ITEM}>
      {icon}
      <span className="min-w-0 flex-1 one-line">{children}</span>
      {hint}
      <Menu.RadioItemIndicator className="text-accent-ink">
        <Check aria-hidden size={15} />
      </Menu.RadioItemIndicator>
    </Menu.RadioItem>
  )
}

/** A named set of choices. */
export function MenuChoices({
  label,
  value,
  onChange,
  children,
}: {
  label: string
  value: string
  onChange: (value: string) => void
  children: ReactNode
}) {
  return (
    <Menu.RadioGroup value={value} onValueChange={onChange}>
      <Menu.Group>
        <Menu.GroupLabel className="px-2.5 pt-2 pb-1 text-2xs font-semibold text-faint">{label}</Menu.GroupLabel>
      </Menu.Group>
      {children}
    </Menu.RadioGroup>
  )
}

/** A thin line between parts of a menu. */
export const MenuLine = () => <Menu.Separator className="mx-1 my-1 h-px bg-line" />
