import type { InboxFilter } from '@dosti/client'

const ASSIGNEES = [
  { value: 'anyone', label: 'All' },
  { value: 'me', label: 'Mine' },
  { value: 'nobody', label: 'Unassigned' },
] as const
const STATUSES = [
  { value: 'open', label: 'Open' },
  { value: 'closed', label: 'Closed' },
] as const

/** Which conversations the list shows. */
export function Filters({ filter, onChange }: { filter: InboxFilter; onChange: (filter: InboxFilter) => void }) {
  return (
    <header className="flex flex-col gap-2 px-4 pt-3.5 pb-2">
      <div className="flex items-center justify-between">
        <h2 className="text-lg font-semibold tracking-tight">Inbox</h2>
        <div role="radiogroup" aria-label="Status" className="flex rounded-lg bg-hover p-0.5">
          {STATUSES.map(({ value, label }) => (
            <Choice
              key={value}
              name="status"
              label={label}
              checked={filter.status === value}
              onChoose={() => onChange({ ...filter, status: value })}
              className="h-6 px-2.5 text-xs font-medium has-checked:bg-pill has-checked:text-ink has-checked:shadow-small touch:h-10 touch:px-4"
            />
          ))}
        </div>
      </div>
      <div role="radiogroup" aria-label="Assigned to" className="-mx-1 flex gap-1">
        {ASSIGNEES.map(({ value, label }) => (
          <Choice
            key={value}
            name="assignee"
            label={label}
            checked={filter.assignee === value}
            onChoose={() => onChange({ ...filter, assignee: value })}
            className="h-7 px-2.5 text-sm hover:bg-hover has-checked:bg-selected has-checked:font-medium has-checked:text-accent-ink touch:h-11 touch:px-4"
          />
        ))}
      </div>
    </header>
  )
}

interface ChoiceProps {
  name: string
  label: string
  checked: boolean
  onChoose: () => void
  className: string
}

/** A radio that looks like a tab: arrow keys move within the group, Tab leaves it. */
function Choice({ name, label, checked, onChoose, className }: ChoiceProps) {
  return (
    <label
      className={`relative inline-flex cursor-pointer items-center rounded-md text-soft transition-colors hover:text-ink has-focus-visible:outline-2 has-focus-visible:outline-focus ${className}`}
    >
      <input
        type="radio"
        name={name}
        checked={checked}
        onChange={onChoose}
        className="absolute inset-0 cursor-pointer appearance-none outline-none"
      />
      {label}
    </label>
  )
}
