/** Which Cairn replaces itself, what is asked before, and electron-updater itself against a feed on this machine. */
import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  type Installed,
  lookAtInstallation,
  noUpdates,
  sayUpdates,
  Updates,
  type UpdateState,
  type Updater,
} from '../../main/electron/updates.ts'

const require = createRequire(import.meta.url)

const appImage: Installed = {
  isPackaged: true,
  hasFeed: true,
  platform: 'linux',
  appImage: '/home/ana/Cairn.AppImage',
  isWritable: true,
  isPortable: false,
}

test('only what can replace its own file does so', () => {
  expect(noUpdates(appImage)).toBeNull()
  expect(noUpdates({ ...appImage, isPackaged: false })).toBe('sources')
  expect(noUpdates({ ...appImage, hasFeed: false })).toBe('no-feed')
  expect(noUpdates({ ...appImage, isWritable: false })).toBe('read-only')
  const deb: Installed = { ...appImage, appImage: null, isWritable: false }
  expect(noUpdates(deb)).toBe('package')
  expect(noUpdates({ ...deb, hasFeed: false })).toBe('package')
  for (const platform of ['darwin', 'win32'] as const) {
    expect(noUpdates({ ...deb, platform })).toBeNull()
    expect(noUpdates({ ...deb, platform, hasFeed: false })).toBe('no-feed')
  }
  expect(noUpdates({ ...deb, platform: 'win32', isPortable: true })).toBe('portable')
})

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'cairn-updates-'))
  onTestFinished(() => rm(made, { recursive: true, force: true, maxRetries: 10 }))
  return made
}

test('what was started is seen on the disk', async () => {
  const resources = await folder()
  const file = join(resources, 'Cairn.AppImage')
  await writeFile(file, '')
  const look = (environment: Record<string, string> = {}, executable = '/tmp/.mount_x/cairn-desktop') =>
    lookAtInstallation(true, resources, 'linux', { APPDIR: '/tmp/.mount_x', ...environment }, executable)
  expect(await look()).toMatchObject({ hasFeed: false, appImage: null })
  await writeFile(join(resources, 'app-update.yml'), 'provider: generic\n')
  expect(await look({ APPIMAGE: file })).toEqual({ ...appImage, appImage: file })
  // A package that was started from a terminal that is an AppImage must not replace that one.
  expect(await look({ APPIMAGE: file }, '/opt/Cairn/cairn-desktop')).toMatchObject({ appImage: null })
  expect(await look({ APPIMAGE: join(resources, 'gone') })).toMatchObject({ isWritable: false })
  expect(await lookAtInstallation(true, resources, 'win32', { PORTABLE_EXECUTABLE_FILE: 'C:\\x.exe' })).toMatchObject({
    isPortable: true,
  })
})

test('every state that is waited for by nobody is said, with a next step', () => {
  const states: readonly UpdateState[] = [
    ...(['sources', 'no-feed', 'package', 'read-only', 'portable'] as const).map(
      why => ({ name: 'off', why }) as const,
    ),
    { name: 'newest' },
    { name: 'there', version: '2.0.0', bytes: 95_400_000 },
    { name: 'there', version: '2.0.0', bytes: null },
    { name: 'ready', version: '2.0.0' },
    { name: 'failed', during: 'checking', message: 'net::ERR_NAME_NOT_RESOLVED' },
    { name: 'failed', during: 'fetching', message: 'Disk full' },
  ]
  for (const state of states) {
    const said = sayUpdates(state, '1.0.0')!
    expect(`${said.message} ${said.detail}`).not.toMatch(/undefined|null|!/)
    expect(said.detail.length).toBeGreaterThan(10)
    // What Escape does changes nothing.
    expect(said.buttons.at(-1)!.action).toBeNull()
  }
  expect(sayUpdates(states[6]!, '1.0.0')!.detail).toContain('96 MB')
  expect(sayUpdates({ name: 'checking' }, '1.0.0')).toBeNull()
})

/** A feed on this machine, and electron-updater as an AppImage of version 1.0.0 would run it, without Electron. */
async function feed({ wrong = false, version = '2.0.0', slow = false } = {}) {
  const place = await folder()
  const bytes = randomBytes(200_000)
  const asked: { readonly path: string; readonly headers: Readonly<Record<string, unknown>> }[] = []
  const sha512 = createHash('sha512').update(bytes).digest('base64')
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://feed')
    asked.push({ path: pathname, headers: request.headers })
    if (pathname === '/latest-linux.yml')
      return response.end(
        `version: ${version}\nfiles:\n  - url: cairn.AppImage\n    sha512: ${sha512}\n    size: ${bytes.length}\npath: cairn.AppImage\nsha512: ${sha512}\nreleaseDate: '2026-01-01T00:00:00.000Z'\n`,
      )
    if (pathname !== '/cairn.AppImage') return response.writeHead(404).end()
    response.writeHead(200, { 'content-length': bytes.length })
    if (slow) return response.write(bytes.subarray(0, 1000))
    return response.end(wrong ? randomBytes(bytes.length) : bytes)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const installed = join(place, 'Cairn.AppImage')
  await writeFile(installed, 'the old one')
  await chmod(installed, 0o755)
  const configPath = join(place, 'app-update.yml')
  await writeFile(configPath, `provider: generic\nurl: http://127.0.0.1:${port}\nupdaterCacheDirName: cairn-updater\n`)
  await mkdir(join(place, 'data'))
  const load = async () => {
    const { AppImageUpdater } = require('electron-updater') as {
      AppImageUpdater: new (options: null, app: object) => Updater & { disableDifferentialDownload: boolean }
    }
    const { NodeHttpExecutor } = createRequire(require.resolve('electron-builder'))('builder-util') as {
      NodeHttpExecutor: new () => object
    }
    const updater = new AppImageUpdater(null, {
      version: '1.0.0',
      name: 'Cairn',
      isPackaged: true,
      appUpdateConfigPath: configPath,
      userDataPath: join(place, 'data'),
      baseCachePath: join(place, 'cache'),
      whenReady: () => Promise.resolve(),
      relaunch() {},
      quit() {},
      onQuit() {},
    })
    // As in Electron, but for who sends the requests.
    const { ElectronHttpExecutor } = require('electron-updater/out/electronHttpExecutor.js') as {
      ElectronHttpExecutor: { readonly prototype: { readonly download: unknown } }
    }
    const { download } = ElectronHttpExecutor.prototype
    Object.assign(updater, { httpExecutor: Object.assign(new NodeHttpExecutor(), { download }) })
    // Differences need a block map at the end of the file, which this one has not.
    updater.disableDifferentialDownload = true
    return updater
  }
  const before = process.env['APPIMAGE']
  process.env['APPIMAGE'] = installed
  onTestFinished(() => {
    if (before === undefined) delete process.env['APPIMAGE']
    else process.env['APPIMAGE'] = before
  })
  const states: UpdateState[] = []
  return {
    asked,
    states,
    bytes,
    place,
    installed,
    updates: new Updates({ ...appImage, appImage: installed }, load, state => states.push(state)),
  }
}

test('nobody is asked before the person asks, and nothing is fetched before they said yes', async () => {
  const { asked, states, bytes, place, installed, updates } = await feed()
  expect(updates.state).toEqual({ name: 'idle' })
  for (const action of ['fetch', 'cancel', 'install'] as const) await updates.do(action)
  expect(asked).toEqual([])
  expect(await updates.do('check')).toEqual({ name: 'there', version: '2.0.0', bytes: bytes.length })
  expect(asked.map(({ path }) => path)).toEqual(['/latest-linux.yml'])
  expect(await updates.do('fetch')).toEqual({ name: 'ready', version: '2.0.0' })
  expect(states.some(state => state.name === 'fetching' && state.bytes > 0)).toBe(true)
  expect(await readFile(join(place, 'cache/cairn-updater/pending/cairn.AppImage'))).toEqual(bytes)
  // Not before the person says so, and by nothing that tells one installation from another.
  expect(await readFile(installed, 'utf8')).toBe('the old one')
  for (const { headers } of asked) expect(headers['x-user-staging-id'] ?? '').toBe('')
})

test('what is not what the feed promised is deleted and told', async () => {
  const { installed, updates } = await feed({ wrong: true })
  await updates.do('check')
  const state = await updates.do('fetch')
  expect(state).toMatchObject({ name: 'failed', during: 'fetching' })
  expect(sayUpdates(state, '1.0.0')!.detail).toContain('not what the feed promised')
  expect(await readFile(installed, 'utf8')).toBe('the old one')
})

test('a new one that cannot take the place of the old one is told, with what to do', async () => {
  const { installed, updates } = await feed()
  await updates.do('check')
  await updates.do('fetch')
  await rm(installed)
  const state = await updates.do('install')
  expect(state).toMatchObject({ name: 'failed', during: 'installing', message: expect.stringContaining('ENOENT') })
  expect(sayUpdates(state, '1.0.0')!.detail).not.toContain('Nothing was changed')
  expect(await updates.do('check')).toMatchObject({ name: 'there' })
})

test('the same version is the newest, an older one is not taken, and a feed that is away is told', async () => {
  expect(await (await feed({ version: '1.0.0' })).updates.do('check')).toEqual({ name: 'newest' })
  expect(await (await feed({ version: '0.9.0' })).updates.do('check')).toEqual({ name: 'newest' })
  const away = await feed()
  const gone = new Updates({ ...appImage, appImage: away.installed }, async () => {
    throw new Error('connect ECONNREFUSED 127.0.0.1:9\n    at somewhere')
  })
  expect(await gone.do('check')).toEqual({
    name: 'failed',
    during: 'checking',
    message: 'connect ECONNREFUSED 127.0.0.1:9',
  })
})

test('fetching can be given up, and begun again by asking', async () => {
  const { updates, asked } = await feed({ slow: true })
  await updates.do('check')
  const fetching = updates.do('fetch')
  await expect.poll(() => asked.some(({ path }) => path === '/cairn.AppImage')).toBe(true)
  await updates.do('cancel')
  expect(await fetching).toEqual({ name: 'idle' })
  expect(await updates.do('check')).toMatchObject({ name: 'there' })
})
