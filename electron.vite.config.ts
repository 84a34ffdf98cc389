/**
 * Builds the backend with its entries (the Electron main process, headless, CLI, starter), the preload and the page.
 * The backend runs under plain Node 20 as well, which is why main's target is not Electron's.
 */
import { resolve } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

export default defineConfig({
  main: {
    build: {
      target: 'node20.19',
      outDir: 'out/main',
      rollupOptions: {
        input: {
          entry: resolve('main/entry.ts'),
          index: resolve('main/index.ts'),
          headless: resolve('main/headless.ts'),
          cli: resolve('main/cli.ts'),
          start: resolve('main/start.ts'),
          'backend-process': resolve('main/electron/backend-process.ts'),
        },
        output: { format: 'es' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      externalizeDeps: false,
      rollupOptions: {
        input: { index: resolve('preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'renderer',
    base: './',
    build: {
      outDir: 'out/renderer',
      minify: true,
      rollupOptions: { input: { index: resolve('renderer/index.html') } },
    },
    plugins: [react(), tailwindcss()],
  },
})
