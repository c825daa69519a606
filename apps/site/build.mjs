/** Bundles the React sample of the integration guide to `dist/react.js`. */
import { join } from 'node:path'
import { build } from 'esbuild'

await build({
  entryPoints: [join(import.meta.dirname, 'src/react-sample/main.tsx')],
  outfile: join(import.meta.dirname, 'dist/react.js'),
  bundle: true,
  // Minified, esbuild would take React's production build. StrictMode mounts twice in the other alone, and that is what
  // the page is for.
  minify: false,
  jsx: 'automatic',
  loader: { '.txt': 'jsx' },
  target: 'es2022',
  legalComments: 'none',
})
