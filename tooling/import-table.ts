/** One row of ARCHITECTURE.md's table: what a package may import, and which libraries are its alone. */
export interface ImportRow {
  name: string
  mayImport: string[] | 'every package'
  librariesOfItsOwn: string[]
}

/**
 * Reads the table below the heading "Who may import whom": package | workspace packages | outside libraries allowed only there.
 * A package is written without `@dosti/`; an empty cell means none, words that begin with "every" mean all.
 */
export function readImportTable(markdown: string): ImportRow[] {
  const section = /^## Who may import whom\s*$([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(markdown)?.[1]
  if (section === undefined) throw new Error('ARCHITECTURE.md has no heading "## Who may import whom".')
  const rows = section.split('\n').filter((line) => /^\s*\|/.test(line))
  return rows.slice(2).map((line) => {
    const [name = '', mayImport = '', libraries = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim())
    return {
      name: workspaceName(name),
      mayImport: mayImport.startsWith('every') ? 'every package' : entries(mayImport).map(workspaceName),
      librariesOfItsOwn: entries(libraries),
    }
  })
}

function entries(cell: string): string[] {
  const plain = cell.replaceAll('`', '')
  return plain.split(/[,\s]+/).filter((entry) => entry !== '' && !/^[-–—]$/.test(entry))
}

function workspaceName(cell: string): string {
  return `@dosti/${cell.replaceAll('`', '').trim()}`
}
