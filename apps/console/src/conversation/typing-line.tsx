import type { Party } from '@dosti/contracts'
import { useLive, useStore } from '../live.tsx'
import type { Head } from './conversation-header.tsx'
import { visitorLabel } from './visitor-name.ts'

/** Who is typing here right now; its place is kept, so that the thread does not jump. */
export function TypingLine({ visitorId, head }: { visitorId: string; head: Head | null }) {
  const { typing } = useLive()
  const parties = useStore(typing).get(visitorId) ?? []
  const name = (party: Party) =>
    party.kind === 'agent' ? party.name : head === null ? 'The visitor' : visitorLabel(head)
  const names = new Intl.ListFormat('en').format(parties.map(name))
  return (
    <p className="mx-auto h-5 w-full max-w-190 shrink-0 px-6 text-xs text-soft max-md:px-4">
      {parties.length > 0 && (
        <span className="inline-flex items-center gap-1.5">
          <span aria-hidden className="flex gap-0.5">
            {[0, 150, 300].map((delay) => (
              <span
                key={delay}
                className="size-1 animate-pulse-soft rounded-full bg-accent-ink"
                style={{ animationDelay: `${delay}ms` }}
              />
            ))}
          </span>
          <bdi>{names}</bdi> {parties.length === 1 ? 'is' : 'are'} typing…
        </span>
      )}
    </p>
  )
}
