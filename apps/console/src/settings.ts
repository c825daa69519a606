import { queryOptions } from '@tanstack/react-query'

/** What the console's server knows and the app does not. */
export interface Settings {
  gateway: string
  installation: string
}

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: async (): Promise<Settings> => {
    const response = await fetch('/config.json')
    if (!response.ok) throw new Error(`The console's server answered ${response.status}.`)
    const given: unknown = await response.json()
    if (typeof given !== 'object' || given === null || !('gateway' in given) || !('installation' in given))
      throw new Error('The configuration is not complete.')
    return { gateway: String(given.gateway), installation: String(given.installation) }
  },
  staleTime: Infinity,
})
