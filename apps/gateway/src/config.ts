import { addressEnv, dataEnv, limitsEnv, proxyEnv, readEnv, serviceEnv } from '@dosti/runtime'
import { z } from 'zod'

/** The variables, as .env.example lists them. */
export const configSchema = z.object({
  ...serviceEnv,
  ...dataEnv,
  ...limitsEnv,
  ...proxyEnv,
  ...addressEnv.api,
  /** Connections at once: from one address, for as long as limits hold, and in all. Below what files the system lets a process open. */
  CONNECTIONS_PER_ADDRESS: z.coerce.number().int().min(1).default(1000),
  CONNECTIONS_MAX: z.coerce.number().int().min(20).default(15_000),
  /** On SIGTERM connections are let go one after the other within this time, so that they do not come back all at once. */
  DRAIN_MS: z.coerce.number().int().min(0).max(60_000).default(10_000),
  /** Begins every Engine.IO id of this node, so that a proxy can route polling requests back to it. */
  NODE_NAME: z
    .string()
    .regex(/^[a-z0-9]{1,16}$/, 'must be 1 to 16 lower-case letters and digits')
    .default('gw'),
})

/** The gateway's settings. */
export type Config = z.infer<typeof configSchema>

/** Reads them, or ends the process with every problem named. */
export const readConfig = (): Config => readEnv(configSchema)
