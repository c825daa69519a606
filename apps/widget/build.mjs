/**
 * Builds `dist/widget.js`, the loader, and `dist/chat.<hash>.js`, which it imports when it is wanted.
 * `--watch` builds again after every change.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { build, transform } from 'esbuild'

const root = import.meta.dirname
const dist = join(root, 'dist')

/** Style sheets become minified text: the widget adopts them as constructable sheets, which a strict CSP allows. */
const cssAsText = {
  name: 'css-as-text',
  setup: (builder) =>
    builder.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), {
        loader: 'css',
        minify: true,
        target: 'safari16.4',
      })
      return { contents: code.trim(), loader: 'text' }
    }),
}

async function bundle(entry, options) {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'src', entry)],
    bundle: true,
    minify: true,
    write: false,
    target: ['es2022', 'safari16.4'],
    legalComments: 'none',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    plugins: [cssAsText],
    ...options,
    // engine.io-client adds an `offline` listener to the window when it is loaded and never takes it away. The client
    // watches the network itself, and the widget must leave nothing behind.
    define: { addEventListener: 'undefined', ...options.define },
  })
  return outputFiles[0].text
}

async function buildAll() {
  const chat = await bundle('chat.tsx', { format: 'esm' })
  const chatFile = `chat.${createHash('sha256').update(chat).digest('hex').slice(0, 12)}.js`
  const loader = await bundle('loader.ts', { format: 'iife', define: { CHAT_FILE: JSON.stringify(chatFile) } })
  await mkdir(dist, { recursive: true })
  await writeWhole(chatFile, chat)
  await writeWhole('widget.js', loader)
  const old = (await readdir(dist)).filter((name) => name !== chatFile && name !== 'widget.js')
  await Promise.all(old.map((name) => rm(join(dist, name))))
}

/** A reader meets the old file or the new one, never half of one. */
async function writeWhole(name, text) {
  await writeFile(join(dist, `${name}.part`), text)
  await rename(join(dist, `${name}.part`), join(dist, name))
}

/** The gateway holds the files in memory. Under `node --watch` it starts anew when this module seems to have changed. */
async function tellGateway() {
  const now = new Date()
  await utimes(join(root, '../gateway/src/widget-files.ts'), now, now)
}

await buildAll()
if (process.argv.includes('--watch')) {
  let timer
  const again = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      buildAll().then(tellGateway, (error) => process.stderr.write(`${error.message}\n`))
    }, 100)
  }
  for (const folder of ['src', '../../packages/client/src', '../../packages/contracts/src'])
    watch(join(root, folder), { recursive: true }, again)
}
