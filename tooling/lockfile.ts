/** The part of pnpm's lockfile that says who brings what. */
export interface Lockfile {
  /** By folder: alias → what it stands for, as a key of `packages`. */
  importers: Map<string, Map<string, string>>
  /** By `name@version(peers)`: the keys of what it depends on. */
  packages: Map<string, string[]>
}

/** Reads pnpm-lock.yaml, whose lines are regular enough to need no YAML parser. */
export function readLockfile(text: string): Lockfile {
  const lockfile: Lockfile = { importers: new Map(), packages: new Map() }
  let section = ''
  let owner = ''
  let kind = ''
  let alias = ''
  for (const line of text.split('\n')) {
    const [, indent = '', rawKey = '', value = ''] =
      /^( *)('[^']+'|[^\s:][^:]*(?::[^\s:][^:]*)*):(?: (.*))?$/.exec(line) ?? []
    const key = rawKey.replaceAll("'", '')
    const depth = indent.length / 2
    if (key === '') continue
    if (depth === 0) section = key
    if (depth === 1) owner = key
    if (depth === 2) kind = key
    if (depth === 3) alias = key
    if (section === 'snapshots' && depth === 1) lockfile.packages.set(key, [])
    if (section === 'snapshots' && depth === 3 && kind.endsWith('ependencies')) {
      lockfile.packages.get(owner)?.push(keyOf(key, value))
    }
    if (section === 'importers' && depth === 1) lockfile.importers.set(key, new Map())
    if (section === 'importers' && depth === 4 && key === 'version' && !value.startsWith('link:')) {
      lockfile.importers.get(owner)?.set(alias, keyOf(alias, value))
    }
  }
  return lockfile
}

/** Every package that comes along with the given ones, themselves included, as keys. */
export function broughtBy(lockfile: Lockfile, keys: Iterable<string>): Set<string> {
  const found = new Set<string>()
  const open = [...keys]
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (found.has(key)) continue
    found.add(key)
    const next = lockfile.packages.get(key)
    if (next === undefined) throw new Error(`The lockfile names ${key} but does not describe it.`)
    open.push(...next)
  }
  return found
}

/** `name@version(peers)` taken apart. */
export function nameAndVersion(key: string): { name: string; version: string } {
  const [, name = '', version = ''] = /^(@?[^@]+)@([^(]+)/.exec(key) ?? []
  return { name, version }
}

/** A dependency under another name carries its real name in the version. */
function keyOf(alias: string, value: string): string {
  const version = value.replaceAll("'", '')
  return /^(@[^/]+\/)?[^@(]+@/.test(version) ? version : `${alias}@${version}`
}
