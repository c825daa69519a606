import { addressEnv, dataEnv, limitsEnv, proxyEnv, readEnv, serviceEnv } from '@dosti/runtime'
import { z } from 'zod'

/** The variables, as .env.example lists them. */
export const configSchema = z.object({
  ...serviceEnv,
  ...dataEnv,
  ...limitsEnv,
  ...proxyEnv,
  ...addressEnv.console,
  /** Names the session cookie, because copies on one host share cookies across ports. */
  INSTALLATION: z
    .string()
    .regex(/^[a-z0-9]{1,32}$/, 'must be 1 to 32 lower-case letters and digits')
    .default('main'),
})

/** The api's settings. */
export type Config = z.infer<typeof configSchema>

/** Reads them, or ends the process with every problem named. */
export const readConfig = (): Config => readEnv(configSchema)
