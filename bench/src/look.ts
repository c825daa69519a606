import type { Setting } from './figure.ts'
import type { Flags } from './flags.ts'
import { INSPECTABLE } from './inspector.ts'
import type { Node } from './processes.ts'
import { sample } from './profile.ts'

/** Node's flags for a server of ours that `--profile` wants to look into. */
export function inspectable({ profile }: Pick<Flags, 'profile'>): string[] {
  return profile ? [INSPECTABLE] : []
}

/** The stops of a job at which a server is profiled: none without `--profile`, or where no server is given. */
export function lookedInto(
  { flags, say }: Pick<Setting, 'flags' | 'say'>,
  node: Node | undefined,
  title: string,
): { stops: boolean; reached: (point: string) => Promise<void> } {
  let stop: (() => Promise<string[]>) | undefined
  return {
    stops: flags.profile && node !== undefined,
    async reached(point) {
      if (node === undefined) return
      if (point === 'window') stop = await sample(node)
      if (point !== 'over' || stop === undefined) return
      say(`profile: ${title}`)
      for (const line of await stop()) say(`  ${line}`)
    },
  }
}
