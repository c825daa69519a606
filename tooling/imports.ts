/** One import or re-export. */
export interface Import {
  specifier: string
  /** Only types, so nothing of it is there at run time. */
  typesOnly: boolean
}

/** What a module imports; comments do not count. */
export function importsOf(source: string): Import[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  const statements = [...code.matchAll(/^\s*(?:import|export)\s+(type\s+)?[^'"`;=]*?\bfrom\s*['"]([^'"]+)['"]/gm)]
  const calls = [
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /(?<!typeof )\bimport\(\s*['"]([^'"]+)['"]/g,
    /\brequire\(\s*['"]([^'"]+)['"]/g,
    /\bimport\.meta\.resolve\(\s*['"]([^'"]+)['"]/g,
  ].flatMap((pattern) => [...code.matchAll(pattern)])
  return [
    ...statements.map(([, type, specifier = '']) => ({ specifier, typesOnly: type !== undefined })),
    ...calls.map(([, specifier = '']) => ({ specifier, typesOnly: false })),
  ]
}

/** The package that a specifier belongs to; undefined for a file of one's own, for Node's and for a bundler's virtual module. */
export function packageOf(specifier: string): string | undefined {
  if (/^(\.|\/|node:|virtual:|data:)/.test(specifier)) return undefined
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
}
