/**
 * `npm start`: the desktop window where there is an Electron and a screen for it, else the same backend headless with
 * the same page in a browser. Says in one line which, and why.
 */
import { type SpawnOptions, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type HeadlessArguments, readArguments } from './headless-arguments.ts'
import { hasDisplay } from './lib/open-browser.ts'
import { projectFolder } from './lib/places.ts'
import { runHeadless } from './run-headless.ts'

/** A download of 110 MB that has not ended by then is not worth waiting for before the first window. */
const LONGEST_DOWNLOAD = 240_000
/** Electron that ends sooner than this, and not well, could not start at all. */
const SHORTEST_RUN = 5000

const args = process.argv.slice(2)
const given = readArguments(args)
if (given.kind === 'wrong') {
  process.stderr.write(`${given.message}\n`)
  process.exit(2)
}
const why = await startWindow()
if (why !== null) {
  process.stdout.write(`No desktop window (${why}); Cairn runs in your browser instead.\n`)
  if (given.kind === 'run') await runHeadless(given.settings, { open: hasDisplay() })
}

/** null: there was a window and the person closed it; else why there is none. */
async function startWindow(): Promise<string | null> {
  if (process.env['CAIRN_NO_ELECTRON']) return 'CAIRN_NO_ELECTRON is set'
  if (!hasDisplay()) return 'there is no display'
  if (process.platform === 'linux' && process.getuid?.() === 0) return 'its sandbox does not run as root'
  const binary = electronBinary() ?? (await downloadElectron())
  if (binary === null) return 'Electron is not installed and could not be downloaded'
  const started = Date.now()
  const code = await run(binary, [projectFolder()], { stdio: 'inherit', env: environmentOf(given) })
  if (code === 0) process.exit(0)
  if (Date.now() - started > SHORTEST_RUN) process.exit(code ?? 1)
  return 'Electron did not start'
}

function electronBinary(): string | null {
  const dist = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(projectFolder(), 'node_modules', 'electron', 'dist')
  const names: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'Electron.app/Contents/MacOS/Electron',
    win32: 'electron.exe',
  }
  const binary = join(dist, names[process.platform] ?? 'electron')
  return existsSync(binary) ? binary : null
}

async function downloadElectron(): Promise<string | null> {
  const script = join(projectFolder(), 'node_modules', 'electron', 'install.js')
  if (process.env['ELECTRON_OVERRIDE_DIST_PATH'] || !existsSync(script)) return null
  process.stdout.write('Fetching Electron, once…\n')
  await run(process.execPath, [script], { stdio: 'ignore', timeout: LONGEST_DOWNLOAD })
  return electronBinary()
}

/** Electron has arguments of its own, so ours travel in the environment. */
function environmentOf(given: HeadlessArguments): NodeJS.ProcessEnv {
  if (given.kind !== 'run') return process.env
  const { storage, bootstrap, join, adopt } = given.settings
  return {
    ...process.env,
    CAIRN_STORAGE: storage,
    ...(bootstrap === null ? {} : { CAIRN_BOOTSTRAP: bootstrap.join(',') }),
    ...(join ? {} : { CAIRN_OFFLINE: '1' }),
    ...(adopt ? { CAIRN_ADOPT: '1' } : {}),
  }
}

function run(command: string, args: readonly string[], options: SpawnOptions): Promise<number | null> {
  const child = spawn(command, args, options)
  const pass = (signal: NodeJS.Signals) => child.kill(signal)
  process.on('SIGINT', pass).on('SIGTERM', pass)
  return new Promise(resolve => {
    const end = (code: number | null) => {
      process.off('SIGINT', pass).off('SIGTERM', pass)
      resolve(code)
    }
    child.once('error', () => end(null))
    child.once('exit', end)
  })
}
