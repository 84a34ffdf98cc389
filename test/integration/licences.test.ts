/**
 * What comes with Cairn, as the build has written it down, against two other ways to find that out: what each installed package
 * says it needs, and what our own files import.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { readLicences, runtimes } from '../../main/lib/licences.ts'
import { projectFolder } from '../../main/lib/places.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { isReviewed } from '../../scripts/licences.ts'

type Manifest = {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
const manifest = async (folder: string) => JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest

/** As Node looks for it; null: it is not installed here. */
function folderOf(name: string, from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name)
    if (existsSync(join(found, 'package.json'))) return found
    if (dirname(folder) === folder) return null
  }
}

async function needed(from: string, found = new Map<string, string>()): Promise<ReadonlyMap<string, string>> {
  const { dependencies = {}, optionalDependencies = {} } = await manifest(from)
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const folder = folderOf(name, from)
    if (folder === null) {
      expect(Object.keys(optionalDependencies), `${name}, which ${from} needs`).toContain(name)
      continue
    }
    if (found.has(folder)) continue
    const { version } = await manifest(folder)
    found.set(folder, `${name} ${version}`)
    await needed(folder, found)
  }
  return found
}

/** Packages whose values, and not only types, our files import. */
async function imported(...folders: readonly string[]): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for (const folder of folders)
    for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!file.isFile() || !/\.(?:tsx?|css)$/.test(file.name) || file.name.endsWith('.d.ts')) continue
      const text = await readFile(join(file.parentPath, file.name), 'utf8')
      for (const [, name = ''] of text.matchAll(
        /(?:^import (?!type\b)(?:[^'";]* from )?|^} from |\bimport\(|^@import )['"]((?:@[\w.-]+\/)?[\w.-]+)(?:\/[^'"]*)?['"]/gm,
      ))
        names.add(name)
    }
  return names
}

test('everything that is installed with it or bundled into it is told of, with a licence that was looked at and its text', async () => {
  const { packages, texts } = await readLicences()
  const project = projectFolder()
  const told = new Set(packages.map(({ name, version }) => `${name} ${version}`))
  const installed = [...(await needed(project)).values()]
  expect(installed.length).toBeGreaterThan(100)
  expect(installed.filter(one => !told.has(one))).toEqual([])

  const ours = await imported('main', 'preload', 'renderer')
  expect([...ours]).toEqual(expect.arrayContaining(['react', 'pdfjs-dist', 'diff', 'tailwindcss', 'lucide-react']))
  const names = new Set(packages.map(({ name }) => name))
  const notPackages = new Set(['electron', ...builtinModules])
  expect(
    [...ours].filter(name => name !== '' && !/^[.\d]/.test(name) && !notPackages.has(name) && !names.has(name)),
  ).toEqual([])

  for (const { name, licence, text } of packages) {
    expect(isReviewed(licence), `${name}: ${licence}`).toBe(true)
    expect(texts[text]?.length ?? 0, name).toBeGreaterThan(400)
    expect(texts[text], name).toMatch(/copyright|licen[cs]e|permission/i)
  }
  expect(new Set(packages.map(({ name, version }) => `${name} ${version}`)).size).toBe(packages.length)
  expect(new Set(texts).size).toBe(texts.length)
})

test('so are fonts and other files that are taken as they are, and what native modules hold', async () => {
  const { packages, texts } = await readLicences()
  const textOf = (name: string) => texts[packages.find(one => one.name === name)?.text ?? -1]
  const assets = await readdir(join(projectFolder(), 'out/renderer/assets'))
  for (const [file, name, said] of [
    ['LiberationSans', 'Liberation fonts (in pdfjs-dist)', 'SIL OPEN FONT LICENSE'],
    ['FoxitSerif', 'Foxit fonts (in pdfjs-dist)', 'PDFium Authors'],
    ['Adobe-Japan1', 'CMap resources of Adobe (in pdfjs-dist)', 'Adobe Systems'],
    ['openjpeg', 'OpenJPEG (in pdfjs-dist)', 'Universite catholique de Louvain'],
  ] as const) {
    expect(
      assets.some(asset => asset.startsWith(file)),
      file,
    ).toBe(true)
    expect(textOf(name), name).toContain(said)
  }
  expect(textOf('LevelDB (in rocksdb-native)')).toMatch(/The LevelDB Authors[\s\S]*Neither the name/)
})

test('Electron and Chromium are told of where they come with it, with the files that lie beside the program', async () => {
  const folder = await temporaryFolder('cairn-program')
  // Plain Node brings neither.
  expect(await runtimes()).toEqual([])
  const versions = { electron: '45.4.1', chrome: '146.0.1' }
  await mkdir(join(folder, 'Contents/Resources'), { recursive: true })
  await writeFile(join(folder, 'Contents/Resources/LICENSE.electron.txt'), 'MIT')
  expect(await runtimes(versions, join(folder, 'Contents/MacOS/Cairn'), 'darwin')).toEqual([
    {
      name: 'Electron',
      version: '45.4.1',
      licence: 'MIT',
      path: join(folder, 'Contents/Resources/LICENSE.electron.txt'),
    },
    { name: 'Chromium', version: '146.0.1', licence: 'BSD-3-Clause', path: null },
  ])
})

test.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0-only)', true],
  ['Apache-2.0 OR GPL-2.0-only', true],
  ['MIT AND GPL-3.0-only', false],
  ['GPL-3.0-only', false],
  ['AGPL-3.0-or-later', false],
  ['SEE LICENSE IN LICENSE', false],
  ['UNLICENSED', false],
  ['', false],
])('%s passes: %s', (expression, passes) => expect(isReviewed(expression)).toBe(passes))
