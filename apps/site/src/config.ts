import { addressEnv, readEnv, serviceEnv } from '@dosti/runtime'
import { z } from 'zod'

/** The variables, as .env.example lists them. */
export const configSchema = z.object({
  ...serviceEnv,
  ...addressEnv.gateway,
  /** The key in the demo page's script tag. */
  PUBLIC_KEY: z.string().startsWith('dosti_pub_', 'must begin with dosti_pub_'),
})

/** The site's settings. */
export type Config = z.infer<typeof configSchema>

/** Reads them, or ends the process with every problem named. */
export const readConfig = (): Config => readEnv(configSchema)
