import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// Vite wants a default export.
export default defineConfig({
  plugins: [react(), tailwindcss()],
  // Inlined files would be data: addresses, which the page's policy does not admit as scripts or fonts.
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 700 },
})
