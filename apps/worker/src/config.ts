import { dataEnv, readEnv, serviceEnv } from '@dosti/runtime'
import { z } from 'zod'

/** The variables, as .env.example lists them. */
export const configSchema = z.object({ ...serviceEnv, ...dataEnv })

/** The worker's settings; its port serves health and metrics alone. */
export type Config = z.infer<typeof configSchema>

/** Reads them, or ends the process with every problem named. */
export const readConfig = (): Config => readEnv(configSchema)
