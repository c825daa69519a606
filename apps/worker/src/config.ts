import { dataEnv, readEnv, serviceEnv } from '@dosti/runtime'
import { z } from 'zod'

const env = z.object({ ...serviceEnv, ...dataEnv })

/** The worker's settings; its port serves health and metrics alone. */
export type Config = z.infer<typeof env>

/** Reads them, or ends the process with every problem named. */
export const readConfig = (): Config => readEnv(env)
