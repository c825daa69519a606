import { join } from 'node:path'
import { freePort, startRedis as start } from '@dosti/tooling'
import { processesOfThisFile, testRun, uniqueName } from './file.ts'
import { handleOf } from './processes.ts'
import type { ProcessHandle } from './processes.ts'

/** A Redis server of one test file's own. */
export interface OwnRedis extends ProcessHandle {
  url: string
  /** Starts it again on the same port after it was killed or stopped; what it held is gone unless it keeps its data. */
  restart: () => Promise<void>
}

/**
 * A real Redis of this test file's own (some 30 ms); a server, not one of its databases, because pub/sub crosses those.
 * It is ended after the file.
 */
export async function startRedis({ keepsData = false } = {}): Promise<OwnRedis> {
  const { folder, redisProgram } = testRun()
  const name = uniqueName('redis')
  const list = processesOfThisFile()
  const port = await freePort()
  const launch = () =>
    start({
      program: redisProgram,
      port,
      data: join(folder, name),
      logFile: join(folder, `${name}.log`),
      keepsData,
      onSpawn: ({ pid }) => list.add(name, 'redis', pid),
    })
  const first = await launch()
  const handle = handleOf(first.child, 'SIGTERM')
  const restart = async () => handle.adopt((await launch()).child)
  return Object.assign(handle, { url: first.url, restart })
}
