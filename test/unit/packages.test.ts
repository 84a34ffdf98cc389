/** The configuration of the packages, read by electron-builder itself; what it would take for each system and processor. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { APP_ID as OWN_ID, LINK_SCHEMES as ACCEPTED } from '../../main/electron/addresses.ts'
import { APP_ID, configuration, LINK_SCHEMES } from '../../resources/package/configuration.mjs'

const project = resolve(import.meta.dirname, '../..')
const require = createRequire(import.meta.url)
/** electron-builder's own modules, which it does not export. */
const inside = createRequire(require.resolve('electron-builder'))
const { validateConfiguration } = inside('app-builder-lib/out/util/config/config.js') as {
  validateConfiguration(config: unknown, log: unknown): Promise<void>
}
const { getNodeModuleFileMatcher, getMainFileMatchers } = inside('app-builder-lib/out/fileMatcher.js') as {
  getNodeModuleFileMatcher(...given: unknown[]): { createFilter(): Filter }
  getMainFileMatchers(...given: unknown[]): readonly { createFilter(): Filter }[]
}
type Filter = (path: string, stat: object) => boolean
const log = { isEnabled: false, add() {} }

const SIGNED = { CSC_LINK: 'file.p12', CSC_KEY_PASSWORD: 'x', APPLE_API_KEY: 'key', WIN_CSC_LINK: 'other.p12' }
const FEED = { CAIRN_UPDATE_URL: 'https://example.org/cairn' }

test.each([{}, SIGNED, FEED, { ...SIGNED, ...FEED }, { CAIRN_UPDATE_GITHUB: 'somebody/cairn' }])(
  'electron-builder takes it: %o',
  async environment => {
    await validateConfiguration(configuration(environment), log)
  },
  // The first one loads electron-builder's schema and what reads it.
  60_000,
)

test('and would object to what is wrong', async () => {
  const wrong = { ...configuration({}), electronFuses: { runAsNode: 'no' } }
  await expect(validateConfiguration(wrong, log)).rejects.toThrow('electronFuses')
  await expect(validateConfiguration({ ...configuration({}), linux: { targets: [] } }, log)).rejects.toThrow('linux')
})

test('feeds come from the environment, and a wrong one is no build without one', () => {
  expect(configuration({}).publish).toBeNull()
  expect(configuration(FEED).publish).toMatchObject([{ provider: 'generic', url: 'https://example.org/cairn' }])
  expect(configuration({ CAIRN_UPDATE_GITHUB: 'somebody/cairn' }).publish).toMatchObject([
    { provider: 'github', owner: 'somebody', repo: 'cairn', releaseType: 'draft' },
  ])
  for (const url of ['http://example.org', 'example.org', 'https://me:pass@example.org', 'https://example.org/?x'])
    expect(() => configuration({ CAIRN_UPDATE_URL: url })).toThrow('not an https address')
  for (const repository of ['cairn', 'a/b/c', 'a b/c', 'https://github.com/a/b'])
    expect(() => configuration({ CAIRN_UPDATE_GITHUB: repository })).toThrow('not OWNER/NAME')
  expect(() => configuration({ ...FEED, CAIRN_UPDATE_GITHUB: 'a/b' })).toThrow('not both')
})

test('signing and notarising are on where keys are given, and an update that macOS would refuse is not offered', () => {
  const unsigned = configuration(FEED).mac!
  expect(unsigned).toMatchObject({ identity: '-', notarize: false, publish: null, hardenedRuntime: true })
  const signed = configuration({ ...SIGNED, ...FEED }).mac!
  expect(signed).toMatchObject({ notarize: true, hardenedRuntime: true })
  expect(signed).not.toHaveProperty('identity')
  expect(signed).not.toHaveProperty('publish')
  expect(configuration({ CSC_LINK: 'file.p12' }).mac!.notarize).toBe(false)
})

test('links that the packages register are those that are taken', () => {
  expect(LINK_SCHEMES).toEqual([...ACCEPTED])
  const include = readFileSync(join(project, String(configuration({}).nsis!.include)), 'utf8')
  for (const macro of ['linksOpenCairn', 'linksNoLongerOpenCairn'])
    for (const scheme of LINK_SCHEMES) expect(include).toContain(`!insertmacro ${macro} "${scheme}"`)
  expect(configuration({})).not.toHaveProperty('fileAssociations')
})

test('Windows groups windows by the id that the installer gives the program, and removes its start at login by it', () => {
  expect(OWN_ID).toBe(APP_ID)
  expect(configuration({}).appId).toBe(APP_ID)
})

test('every file that it names is there', () => {
  const { mac, win, linux, nsis } = configuration({})
  const named = [mac!.icon, mac!.entitlements, mac!.entitlementsInherit, win!.icon, linux!.icon, nsis!.include]
  for (const path of named) expect(() => statSync(join(project, String(path)))).not.toThrow()
})

/** Every file in folders of native code, as paths of the project, and one for each platform that a watcher is made for. */
function nativeFiles(): readonly string[] {
  const modules = join(project, 'node_modules')
  const found = readdirSync(modules).flatMap(name => {
    try {
      return readdirSync(join(modules, name, 'prebuilds'), { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => join(entry.parentPath, entry.name).slice(project.length + 1))
    } catch {
      return []
    }
  })
  const { optionalDependencies } = JSON.parse(readFileSync(join(modules, '@parcel/watcher/package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>
  }
  return [...found, ...Object.keys(optionalDependencies).map(name => `node_modules/${name}/watcher.node`)]
}

const file = { isDirectory: () => false }
const SYSTEMS = [
  ['linux', 'linux', 'x64'],
  ['linux', 'linux', 'arm64'],
  ['mac', 'darwin', 'x64'],
  ['mac', 'darwin', 'arm64'],
  ['win', 'win32', 'x64'],
] as const

test.each(SYSTEMS)(
  'a package for %s (%s) on %s has its own native code, all of it, and no other',
  (key, platform, arch) => {
    const config = configuration({})
    const expand = (pattern: string) => pattern.replaceAll('${arch}', arch)
    const filter = getNodeModuleFileMatcher(project, '/app', expand, config[key], {
      config,
      debugLogger: log,
    }).createFilter()
    const isTaken = (path: string) => filter(join(project, path), { ...file, moduleFullFilePath: path })
    const taken = nativeFiles().filter(isTaken)
    const own = new RegExp(
      `^node_modules/([^@/]+/prebuilds/${platform}-${arch}/[^/]+\\.node|@parcel/watcher-${platform}-${arch}[^/]*/watcher\\.node)$`,
    )
    expect(taken.filter(path => !own.test(path))).toEqual([])
    for (const name of [
      'rocksdb-native',
      'sodium-native',
      'udx-native',
      'fs-native-extensions',
      'quickbit-native',
      'simdle-native',
    ])
      expect(taken).toContain(`node_modules/${name}/prebuilds/${platform}-${arch}/${name}.node`)
    expect(taken.some(path => path.startsWith(`node_modules/@parcel/watcher-${platform}-${arch}`))).toBe(true)
  },
)

test.each(SYSTEMS)(
  'of the project itself, a package for %s (%s) on %s has what was built and no source',
  (key, _, arch) => {
    const config = configuration({})
    const expand = (pattern: string) => pattern.replaceAll('${arch}', arch)
    const packager = { info: { projectDir: project, buildResourcesDir: 'resources/package', config, debugLogger: log } }
    const [matcher] = getMainFileMatchers(project, '/app', expand, config[key], packager, join(project, 'dist'), false)
    const filter = matcher!.createFilter()
    const isTaken = (path: string) => filter(join(project, path), file)
    for (const path of [
      'package.json',
      'LICENSE',
      'out/main/entry.js',
      'out/renderer/index.html',
      'out/preload/index.cjs',
    ])
      expect(isTaken(path)).toBe(true)
    for (const path of ['resources/tray.png', 'resources/icon.png', 'resources/icons/16x16.png'])
      expect(isTaken(path)).toBe(true)
    for (const path of [
      'main/index.ts',
      'test/run.mjs',
      '.env',
      'package-lock.json',
      'out/main/index.js.map',
      'dist/cairn.deb',
    ])
      expect(isTaken(path)).toBe(false)
    for (const path of [
      'resources/package/dist.mjs',
      'resources/screenshot.png',
      'README.md',
      '.git/config',
      'node_modules/zod/index.js',
    ])
      expect(isTaken(path)).toBe(false)
  },
)
