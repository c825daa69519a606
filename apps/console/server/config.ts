import { addressEnv, readEnv, serviceEnv } from '@dosti/runtime'
import { z } from 'zod'

/** The variables of the console's server. */
export const configSchema = z.object({
  ...serviceEnv,
  ...addressEnv.api,
  ...addressEnv.gateway,
  /** Tells two installations on one host name apart, in the browser's storage. */
  INSTALLATION: z
    .string()
    .regex(/^[a-z0-9]{1,32}$/, 'must be 1 to 32 lower-case letters and digits')
    .default('main'),
})

export type Config = z.output<typeof configSchema>

/** The configuration, or the end of the process with every problem printed. */
export const readConfig = (): Config => readEnv(configSchema)
