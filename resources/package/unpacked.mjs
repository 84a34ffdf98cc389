/**
 * The packed app without Electron: electron-builder packs it as ever, into a stand-in that has what Electron's folder has
 * (a binary with fuses, `resources`, `locales`) and runs nothing. So it is electron-builder's own list of files, its
 * archive and its fuses, on a machine where no Electron can be had.
 */
import { existsSync } from 'node:fs'
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { extractAll } from '@electron/asar'
import { Arch, build, Platform } from 'electron-builder'
import { configuration } from './configuration.mjs'

const project = resolve(import.meta.dirname, '../..')
/** Where @electron/fuses finds them: this text, the version of the wire, its length, and one byte for each fuse. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const FUSES = 8

/**
 * Leaves in `folder`, which must be new: `app`, what the archive holds and what stands beside it as files; `packed`, the
 * folder that a package would install, with the stand-in for Electron.
 * Throws where the app was not built.
 */
export async function packApp(folder, environment = process.env) {
  if (!existsSync(join(project, 'out/main/entry.js'))) throw new Error('The app is not built: npm run build')
  // npm, which is asked what belongs to the app, does not follow one.
  if ((await lstat(join(project, 'node_modules'))).isSymbolicLink())
    throw new Error('The app cannot be packed while node_modules is a link: mount it there, or run npm ci')
  const work = await mkdtemp(join(tmpdir(), 'cairn-packing-'))
  const installers = []
  try {
    const electronDist = await standIn(join(work, 'electron'))
    const config = configuration(environment)
    // Only Linux's folder needs nothing but files to be made; the native code in it is that of this machine all the same.
    const { files } = { darwin: config.mac, win32: config.win }[process.platform] ?? config.linux
    await build({
      projectDir: project,
      publish: 'never',
      targets: Platform.LINUX.createTarget(process.platform === 'linux' ? ['dir', 'deb', 'rpm', 'AppImage'] : ['dir'], Arch[process.arch]),
      effectiveOptionComputed: async options => {
        installers.push(await installerOf(options))
        // As far as the tool that would make the package, which comes from the network.
        return true
      },
      config: {
        ...config,
        electronDist,
        directories: { ...config.directories, output: join(work, 'dist') },
        linux: { ...config.linux, files },
      },
    })
    const [made] = (await readdir(join(work, 'dist'))).filter(name => name.endsWith('-unpacked'))
    await mkdir(folder, { recursive: true })
    await cp(join(work, 'dist', made), join(folder, 'packed'), { recursive: true })
    extractAll(join(folder, 'packed/resources/app.asar'), join(folder, 'app'))
    return { ...(await measure(folder)), fuses: await fusesOf(folder), installers }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** What a package would be made of: the arguments of fpm, which makes deb and rpm, or an AppImage's entry for menus. */
async function installerOf(options) {
  if (!Array.isArray(options)) return { kind: 'AppImage', desktop: options.desktop, args: [], scripts: [] }
  const [args, desktop] = options
  const scripts = ['--after-install', '--after-remove'].map(name => args[args.indexOf(name) + 1])
  return {
    kind: args[args.indexOf('--package') + 1].endsWith('.deb') ? 'deb' : 'rpm',
    desktop: await readFile(desktop, 'utf8'),
    args,
    scripts: await Promise.all(scripts.map(path => readFile(path, 'utf8'))),
  }
}

async function standIn(folder) {
  await mkdir(join(folder, 'resources'), { recursive: true })
  await mkdir(join(folder, 'locales'))
  await writeFile(join(folder, 'locales/en-US.pak'), '')
  for (const name of ['LICENSE', 'LICENSES.chromium.html']) await writeFile(join(folder, name), name)
  const wire = Buffer.from([1, FUSES, ...Buffer.from('1'.repeat(FUSES))])
  await writeFile(join(folder, 'electron'), Buffer.concat([Buffer.from(SENTINEL), wire]), { mode: 0o755 })
  return folder
}

/** Bytes of all that Cairn adds to Electron; `parts` by module or folder, largest first. */
async function measure(folder) {
  const resources = join(folder, 'packed/resources')
  const bytes = await sizeOf(resources)
  const parts = new Map()
  const app = join(folder, 'app')
  for (const entry of await readdir(app, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const part = partOf(path.slice(app.length + 1).split(sep))
    parts.set(part, (parts.get(part) ?? 0) + (await stat(path)).size)
  }
  return {
    bytes,
    parts: [...parts].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes),
  }
}

function partOf([first, second, third]) {
  if (first === 'node_modules') return second.startsWith('@') ? `${second}/${third}` : second
  return second === undefined ? first : `${first}/${second}`
}

async function sizeOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return (await Promise.all(files.map(path => stat(path)))).reduce((sum, { size }) => sum + size, 0)
}

async function fusesOf(folder) {
  const binary = await readFile(join(folder, 'packed', configuration({}).linux.executableName))
  const at = binary.indexOf(SENTINEL) + SENTINEL.length + 2
  const names = [
    'runAsNode',
    'enableCookieEncryption',
    'enableNodeOptionsEnvironmentVariable',
    'enableNodeCliInspectArguments',
    'enableEmbeddedAsarIntegrityValidation',
    'onlyLoadAppFromAsar',
    'loadBrowserProcessSpecificV8Snapshot',
    'grantFileProtocolExtraPrivileges',
  ]
  return Object.fromEntries(names.map((name, index) => [name, binary[at + index] === '1'.charCodeAt(0)]))
}

// `node resources/package/unpacked.mjs FOLDER`: what it found is the last line.
if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(await packApp(resolve(process.argv[2]))))
