import type { Setting } from './figure.ts'
import type { Flags } from './flags.ts'
import { INSPECTABLE } from './inspector.ts'
import type { Node } from './processes.ts'
import { countStatements } from './statements.ts'
import { sample } from './profile.ts'

/** Node's flags for a server of ours that `--profile` wants to look into. */
export function inspectable({ profile }: Pick<Flags, 'profile'>): string[] {
  return profile ? [INSPECTABLE] : []
}

/** The stops of a job at which a server is profiled: none without `--profile`, or where no server is given. */
export function lookedInto(
  { flags, world, say }: Pick<Setting, 'flags' | 'world' | 'say'>,
  node: Node | undefined,
  title: string,
): { stops: boolean; reached: (point: string) => Promise<void> } {
  let stop: (() => Promise<string[]>) | undefined
  let count: (() => Promise<string[]>) | undefined
  return {
    stops: flags.profile && node !== undefined,
    async reached(point) {
      if (node === undefined) return
      if (point === 'window') {
        count = await countStatements(world.databaseUrl)
        stop = await sample(node)
      }
      if (point !== 'over' || stop === undefined || count === undefined) return
      say(`profile: ${title}`)
      for (const line of [...(await stop()), '', 'statements by time in Postgres', ...(await count())]) say(`  ${line}`)
    },
  }
}
