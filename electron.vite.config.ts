/**
 * Builds the backend with its entries (the Electron main process, headless, CLI, starter), the preload and the page.
 * The backend runs under plain Node 20 as well, which is why main's target is not Electron's. Beside them, in out/share, what
 * packages install for the `cairn` command.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import { completionsFor } from './main/cli/completions.ts'
import { manual } from './main/cli/manual.ts'
import packageFile from './package.json' with { type: 'json' }
import { licences } from './scripts/licences.ts'

/** The man page, and what shells complete by, under the names that each looks for. */
const share = {
  name: 'cairn:share',
  async closeBundle() {
    const files = {
      'cairn.1': manual(packageFile.version),
      'cairn.bash': completionsFor('bash'),
      _cairn: completionsFor('zsh'),
      'cairn.fish': completionsFor('fish'),
      // Not `cairn.ps1`: PowerShell takes a script of that name for the command, wherever it finds it first.
      'cairn-completions.ps1': completionsFor('powershell'),
    }
    await mkdir(resolve('out/share'), { recursive: true })
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(resolve('out/share', name), text)))
  },
}

const { seen, written } = licences()

export default defineConfig({
  main: {
    plugins: [share, seen()],
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
    plugins: [seen()],
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
      // It comes from the machine that shows it, so that pieces are not worth their number. In kB.
      chunkSizeWarningLimit: 2000,
      minify: true,
      rollupOptions: { input: { index: resolve('renderer/index.html') } },
    },
    plugins: [react(), tailwindcss(), seen(), written()],
    worker: { plugins: () => [seen()] },
  },
})
