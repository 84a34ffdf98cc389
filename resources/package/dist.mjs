/**
 * `npm run dist`: builds the app and packs it for this system, into `dist/`, with a list of checksums. `-- deb AppImage`
 * makes these alone, `-- --size` packs without Electron and prints what the app takes. Says in plain words what it could
 * not fetch: Electron and the tools that make packages come from the network.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { build, Platform } from 'electron-builder'
import { BUDGET, configuration } from './configuration.mjs'

const project = resolve(import.meta.dirname, '../..')
const output = join(project, 'dist')
const SYSTEMS = {
  linux: { platform: Platform.LINUX, name: 'linux' },
  darwin: { platform: Platform.MAC, name: 'mac' },
  win32: { platform: Platform.WINDOWS, name: 'win' },
}

process.chdir(project)
// A workflow hands over keys that it has not as empty text, which is no key.
for (const [name, value] of Object.entries(process.env)) if (value === '' && /^(WIN_)?CSC_|^APPLE_/.test(name)) delete process.env[name]
const given = process.argv.slice(2)
if (given.includes('--help')) {
  console.log('Usage: npm run dist -- [--size] [TARGET…]\n\nTARGET: AppImage, deb, rpm; dmg, zip; nsis, portable. Without one: all of this system.')
} else {
  const built = spawnSync(process.execPath, ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn'], {
    stdio: 'inherit',
  })
  if (built.status !== 0) stop('The app could not be built.')
  if (given.includes('--size')) await tellSize()
  else await makePackages(given)
}

async function tellSize() {
  console.log('Packing the app, without Electron…')
  const folder = await mkdtemp(join(tmpdir(), 'cairn-size-'))
  // In a process of its own, since electron-builder tells on the way what nobody has asked for: it is shown when that fails.
  const packing = spawnSync(process.execPath, [join(import.meta.dirname, 'unpacked.mjs'), join(folder, 'made')], {
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  await rm(folder, { recursive: true, force: true })
  if (packing.status !== 0) stop(`${packing.stdout}${packing.stderr}\nThe app could not be packed.`)
  const { bytes, parts } = JSON.parse(packing.stdout.trim().split('\n').at(-1))
  const row = (name, size) => console.log(`${(size / 1e6).toFixed(2).padStart(8)} MB  ${name}`)
  console.log()
  for (const part of parts.slice(0, 12)) row(part.name, part.bytes)
  row(`${parts.length - 12} others`, parts.slice(12).reduce((sum, part) => sum + part.bytes, 0))
  row(`all that Cairn adds to Electron; at most ${BUDGET / 1e6} MB`, bytes)
  if (bytes > BUDGET) process.exitCode = 1
}

async function makePackages(names) {
  const system = SYSTEMS[process.platform]
  if (system === undefined) stop(`Packages are made on Linux, macOS and Windows, and not on ${process.platform}.`)
  const config = readConfiguration()
  const all = config[system.name].target
  const unknown = names.filter(name => !all.some(({ target }) => target.toLowerCase() === name.toLowerCase()))
  if (unknown.length > 0) stop(`No such package on this system: ${unknown.join(', ')}. There are ${all.map(({ target }) => target).join(', ')}.`)
  const target = all.filter(({ target }) => names.length === 0 || names.some(name => name.toLowerCase() === target.toLowerCase()))
  await rm(output, { recursive: true, force: true })
  try {
    await build({
      projectDir: project,
      publish: 'never',
      targets: system.platform.createTarget(),
      config: { ...config, [system.name]: { ...config[system.name], target } },
    })
  } catch (error) {
    stop(whatFailed(error))
  }
  console.log(`\nIn ${output}:`)
  for (const line of await writeChecksums()) console.log(`  ${line}`)
  if (config.publish === null) console.log('There is no updater in these: neither CAIRN_UPDATE_URL nor CAIRN_UPDATE_GITHUB was set.')
}

function readConfiguration() {
  try {
    return configuration()
  } catch (error) {
    return stop(error.message)
  }
}

/** What people are handed, and the feed; not the folders that they were made from. */
async function writeChecksums() {
  const files = (await readdir(output, { withFileTypes: true }))
    .filter(entry => entry.isFile() && !/^builder-|^SHA256SUMS$/.test(entry.name))
    .map(entry => entry.name)
    .sort()
  const lines = await Promise.all(
    files.map(async name => {
      const hash = createHash('sha256')
      await pipeline(createReadStream(join(output, name)), hash)
      return `${hash.digest('hex')}  ${name}`
    }),
  )
  await writeFile(join(output, 'SHA256SUMS'), lines.map(line => `${line}\n`).join(''))
  return lines
}

function whatFailed(error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const isNetwork = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|socket hang up|fetch failed|statusCode|HTTPError|cannot resolve|Response code/i
  if (!isNetwork.test(text)) return text
  const address = error?.options?.url?.href ?? /https?:\/\/[^\s"')]+/.exec(text)?.[0]
  return [
    `Something that packages are made with could not be fetched${address === undefined ? '' : `: ${address}`}.`,
    'Electron itself and the tools for each kind of package are fetched once and kept. Try again with a network that reaches',
    'github.com, or name a mirror in ELECTRON_MIRROR and ELECTRON_BUILDER_BINARIES_MIRROR. `npm run dist -- --size` needs none.',
    '',
    text.split('\n')[0],
  ].join('\n')
}

function stop(reason) {
  console.error(reason)
  process.exit(1)
}
