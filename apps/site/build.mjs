/** Bundles the React sample of the integration guide to `dist/react.js`. */
import { join } from 'node:path'
import { build } from 'esbuild'

await build({
  entryPoints: [join(import.meta.dirname, 'src/react-sample/main.tsx')],
  outfile: join(import.meta.dirname, 'dist/react.js'),
  bundle: true,
  minify: true,
  jsx: 'automatic',
  target: 'es2022',
  legalComments: 'none',
  // StrictMode mounts twice in React's development build alone, and that is what the page is for.
  define: { 'process.env.NODE_ENV': '"development"' },
})
