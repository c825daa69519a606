import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Every file that is committed or would be by `git add --all`, relative to the checkout, as long as it exists. */
export function repositoryFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return [...new Set(listed.split('\0'))].filter((file) => file !== '' && existsSync(join(root, file))).sort()
}

/** The text of a file of the checkout. */
export function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

/** Whether a file is code that people read and write here. */
export function isCode(file: string): boolean {
  return /\.(ts|tsx|mts|mjs|js|jsx|css)$/.test(file)
}

/** A workspace package: its folder and what its manifest says. */
export interface WorkspacePackage {
  folder: string
  name: string
  dependencies: string[]
  devDependencies: string[]
}

/** Every package of the workspace; the root goes by the name that the import table gives it. */
export function workspacePackages(): WorkspacePackage[] {
  const manifests = repositoryFiles().filter((file) => /^(?:(?:packages|apps)\/)?[^/]*\/?package\.json$/.test(file))
  return manifests.map((file) => {
    const manifest = JSON.parse(textOf(file)) as {
      name: string
      dependencies?: Record<string, string>
      devDependencies?: Record<string, string>
    }
    return {
      folder: dirname(file),
      name: file === 'package.json' ? '@dosti/root' : manifest.name,
      dependencies: Object.keys(manifest.dependencies ?? {}),
      devDependencies: Object.keys(manifest.devDependencies ?? {}),
    }
  })
}

/** The code of a package; that of the root is what lies directly in the checkout. */
export function codeOf({ folder }: WorkspacePackage): string[] {
  const belongs = (file: string) => (folder === '.' ? !file.includes('/') : file.startsWith(`${folder}/`))
  return repositoryFiles().filter((file) => belongs(file) && isCode(file) && !file.endsWith('.css'))
}
