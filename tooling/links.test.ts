import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { repositoryFiles, root, textOf } from './repository.ts'

/** Targets of inline links, images and reference definitions, outside of code. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '').replaceAll(/`[^`\n]*`/g, '')
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+["'][^)]*)?\)/g)]
  const references = [...prose.matchAll(/^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/gm)]
  return [...inline, ...references].map((match) => match[1] ?? '')
}

/** The anchors that a page's headings make, as GitHub counts them. */
function anchorsOf(markdown: string): Set<string> {
  const seen = new Map<string, number>()
  const headings = [...markdown.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '').matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)]
  return new Set(
    headings.map(([, text = '']) => {
      const plain = text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      const slug = plain
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-')
      const times = seen.get(slug) ?? 0
      seen.set(slug, times + 1)
      return times === 0 ? slug : `${slug}-${times}`
    }),
  )
}

function isBroken(page: string, link: string): boolean {
  const [path = '', anchor] = decodeURI(link).split('#')
  const target = path === '' ? page : path.startsWith('/') ? path.slice(1) : join(dirname(page), path)
  if (!existsSync(join(root, target))) return true
  if (anchor === undefined || !target.endsWith('.md') || !statSync(join(root, target)).isFile()) return false
  return !anchorsOf(textOf(target)).has(anchor)
}

test('every relative link of a page leads somewhere, to its heading too', () => {
  const pages = repositoryFiles().filter((file) => file.endsWith('.md'))
  const broken = pages.flatMap((page) =>
    linksOf(textOf(page))
      .filter((link) => !/^[a-z][a-z+.-]*:/i.test(link) && !link.startsWith('//') && isBroken(page, link))
      .map((link) => `${page} → ${link}`),
  )
  expect(broken).toEqual([])
})

test('links and anchors are read as GitHub does', () => {
  expect(linksOf('[a](b.md) ![c](<d.png> "title") `[no](code.md)`\n[e]: f.md')).toEqual(['b.md', 'd.png', 'f.md'])
  expect([...anchorsOf('# One, two\n## One, two\n## `Code` & more')]).toEqual(['one-two', 'one-two-1', 'code--more'])
})
