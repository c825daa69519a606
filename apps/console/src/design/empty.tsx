import type { ReactNode } from 'react'

/** What stands where something would be: what it is, why it is not there, what to do. */
export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-2 px-8 py-10 text-center">
      {icon !== undefined && (
        <div className="mb-1 grid size-11 place-items-center rounded-2xl border border-line bg-surface text-faint shadow-small">
          {icon}
        </div>
      )}
      <h2 className="text-base font-semibold">{title}</h2>
      {children !== undefined && <div className="max-w-80 text-sm text-soft">{children}</div>}
      {action !== undefined && <div className="mt-2">{action}</div>}
    </div>
  )
}
