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
        <h1 className="text-lg font-semibold tracking-tight">Inbox</h1>
        <div role="group" aria-label="Status" className="flex rounded-lg bg-hover p-0.5">
          {STATUSES.map(({ value, label }) => (
            <button
              key={value}
              type="button"
              aria-pressed={filter.status === value}
              onClick={() => onChange({ ...filter, status: value })}
              className="h-6 rounded-md px-2.5 text-xs font-medium text-soft transition-colors hover:text-ink aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:shadow-small touch:h-10 touch:px-4"
            >
              {label}
            </button>
          ))}
        </div>
      </div>
      <div role="group" aria-label="Assigned to" className="-mx-1 flex gap-1">
        {ASSIGNEES.map(({ value, label }) => (
          <button
            key={value}
            type="button"
            aria-pressed={filter.assignee === value}
            onClick={() => onChange({ ...filter, assignee: value })}
            className="h-7 rounded-md px-2.5 text-sm text-soft transition-colors hover:bg-hover hover:text-ink aria-pressed:bg-selected aria-pressed:font-medium aria-pressed:text-accent-ink touch:h-11 touch:px-4"
          >
            {label}
          </button>
        ))}
      </div>
    </header>
  )
}
