/**
 * An archive written by a plain script, with some two hundred names and contents that mean harm: whatever way it is
 * taken, nothing lands outside of the folder, and what is left out is listed.
 */
import { spawnSync } from 'node:child_process'
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { isDone, isFound, startPerson } from '../helpers/backend.ts'
import { readTree, temporaryFolder } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'
import { readZip } from '../helpers/zip.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

const GOOD = 'good\n'
const long = (length: number) => 'x'.repeat(length)

/** Names that no disk may get to see as they stand, on any system. */
const escapes = [
  '/..',
  '/../escaped',
  '/../../escaped',
  '/a/../../escaped',
  '/a/b/../../../escaped',
  '/./dot',
  '/a/./b',
  '/a/..',
  '/a/.',
  '//etc/passwd',
  '/a//b',
  '/a/',
  '///',
  '/',
  '',
  'no-slash',
  '../escaped',
  '0',
  '~/.bashrc',
  'C:\\Windows\\evil',
  '/nul\0byte',
  '/nul\0/byte',
  '/\0',
  '/lone\ud800surrogate',
  `/${long(256)}`,
  `/${long(4000)}`,
  `/${'é'.repeat(128)}`,
  `/${'d/'.repeat(64)}deep`,
  `/${'d/'.repeat(500)}deeper`,
  '/.cairn-part/planted',
  '/.cairn-part/00/planted',
]

/** Names that this disk takes as they stand, whatever they look like. */
const odd = [
  ...[...Array(31).keys()].map(code => `/control-${code + 1}-${String.fromCharCode(code + 1)}-end`),
  '/delete-\x7f-end',
  ...['\u0080', '\u009b', '\u00ad', '\u061c', '\u180e', '\u200b', '\u200e', '\u200f', '\u2028', '\u2029'].map(
    (character, index) => `/invisible-${index}-${character}-end`,
  ),
  ...['\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069', '\ufeff'].map(
    (character, index) => `/bidi-${index}-${character}gpj.exe`,
  ),
  ...[
    'CON',
    'PRN',
    'AUX',
    'NUL',
    'COM1',
    'COM9',
    'LPT1',
    'LPT9',
    'CONIN$',
    'CLOCK$',
    'con',
    'nul.txt',
    'aux.tar.gz',
  ].map(name => `/devices/${name}`),
  ...['<', '>', ':', '"', '|', '?', '*', '%', '$HOME', '`id`', ';rm -rf', '&& true', '-rf', '--help', '!', "'"].map(
    name => `/shell/${name}`,
  ),
  '/trailing./dot',
  '/trailing-dot.',
  '/trailing-space ',
  '/ leading-space',
  '/ ',
  '/...',
  '/. .',
  '/.. ',
  '/..\u200b/escaped',
  '/%2e%2e/escaped',
  '/%2e%2e%2fescaped',
  '/\uff0e\uff0e/escaped',
  '/\u2215etc\u2215passwd',
  '/file.txt:stream',
  '/file.txt::$DATA',
  '/__proto__',
  '/constructor',
  '/toString/hasOwnProperty',
  '/.git/hooks/post-checkout',
  '/.ssh/authorized_keys',
  '/autorun.inf',
  '/desktop.ini',
  '/Left out.txt',
  '/case/Readme.md',
  '/case/README.md',
  '/case/readme.MD',
  '/case/ﬁle',
  '/case/file',
  '/normal/é',
  '/normal/e\u0301',
  '/normal/Å',
  '/normal/A\u030a',
  '/normal/\u212b',
  `/${long(255)}`,
  `/${'é'.repeat(127)}`,
  `/${'d/'.repeat(63)}deep`,
  '/emoji/👨‍👩‍👧‍👦',
  '/zalgo/Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞',
]

/** What would be written through, or elsewhere. */
const links: Readonly<Record<string, { readonly target: string; readonly stays: boolean }>> = {
  '/link-inside': { target: 'case/file', stays: true },
  '/link-loop': { target: 'link-loop', stays: true },
  '/chain-1': { target: 'chain-2', stays: true },
  '/chain-2': { target: 'chain-1', stays: true },
  // A file stands below it: then it is a folder.
  '/link-and-folder': { target: 'case', stays: false },
  '/link-and-folder-outside': { target: '../../..', stays: false },
  '/link-up': { target: '..', stays: false },
  '/link-far-up': { target: '../../..', stays: false },
  '/link-absolute': { target: '/etc/passwd', stays: false },
  '/link-root': { target: '/', stays: false },
  '/link-proc': { target: '/proc/self/root', stays: false },
  '/link-by-way-of': { target: 'case/../../..', stays: false },
  '/link-by-chain': { target: 'chain-1/../..', stays: false },
  '/link-empty': { target: '', stays: false },
  '/link-nul': { target: 'case\0/file', stays: false },
  '/link-long': { target: long(4000), stays: false },
  '/case/link-up': { target: '../..', stays: false },
}
/** They would be written through a link that comes before or after them. */
const throughLinks = ['/link-and-folder/owned', '/link-and-folder-outside/owned']

type Blob = { blockOffset: number; blockLength: number; byteOffset: number; byteLength: number; blockMap?: boolean }
/** Contents that are not what their entries say. */
const contents = (blob: Blob, map: Blob): Readonly<Record<string, unknown>> => ({
  '/value/null': null,
  '/value/number': 7,
  '/value/text': 'text',
  '/value/array': [],
  '/value/blob-text': { blob: 'x' },
  '/value/blob-array': { blob: [1, 2, 3, 4] },
  '/value/blob-negative': { blob: { ...blob, blockOffset: -1 } },
  '/value/blob-negative-length': { blob: { ...blob, byteLength: -1 } },
  '/value/blob-fraction': { blob: { ...blob, blockOffset: 0.5 } },
  '/value/blob-huge': { blob: { ...blob, blockLength: 1e9, byteLength: 1e15 } },
  '/value/blob-unsafe': { blob: { ...blob, byteLength: 2 ** 60 } },
  '/value/blob-nan': { blob: { ...blob, byteLength: null } },
  '/value/link-number': { linkname: 5 },
  '/value/link-too-long': { linkname: long(5000) },
  '/value/executable-text': { executable: 'yes', blob },
  '/size/beyond': { blob: { ...blob, blockOffset: 1e6 } },
  '/size/longer': { blob: { ...blob, byteLength: blob.byteLength + 1 } },
  '/size/shorter': { blob: { ...blob, byteLength: blob.byteLength - 1 } },
  '/size/much-longer': { blob: { ...blob, byteLength: 10 << 20 } },
  '/size/nothing-of-something': { blob: { ...blob, blockLength: 0 } },
  '/size/something-of-nothing': { blob: { ...blob, byteLength: 0 } },
  '/size/many-blocks': { blob: { ...blob, blockOffset: 0, blockLength: 3, byteLength: 5 } },
  '/map/of-itself': { blob: { ...map, blockMap: true } },
  '/map/of-a-file': { blob: { ...blob, blockMap: true } },
  '/map/of-nothing': { blob: { ...blob, blockLength: 0, blockMap: true } },
  '/map/of-everything': { blob: { ...blob, blockOffset: 0, blockLength: 5000, blockMap: true } },
})
/** Times and modes that no disk keeps. */
const metadata: readonly unknown[] = [
  { mtime: 1e300 },
  { mtime: -1e15 },
  { mtime: 'yesterday' },
  { mtime: Number.MAX_SAFE_INTEGER },
  { mtime: null },
  [],
  'text',
]

async function hostileArchive(): Promise<{ readonly key: string; readonly paths: readonly string[] }> {
  const { store, swarm } = await plainPeer(testnet.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  await drive.put('/good.txt', Buffer.from(GOOD))
  await drive.put('/second.txt', Buffer.from('another\n'))
  await drive.put('/large.bin', Buffer.alloc(700_000, 'large '))
  const { value } = (await drive.entry('/good.txt'))!
  const blobs = await drive.getBlobs()
  // A block that, read as a map, names itself.
  const at = blobs.core.length
  await blobs.core.append(Buffer.from([0, 1, at, at, 1, at, at]))
  const map = { blockOffset: at, blockLength: 1, byteOffset: blobs.core.byteLength - 7, byteLength: 7 }
  const bee = drive.db as unknown as { sub(name: string): { put(key: string, value: unknown): Promise<void> } }
  const files = bee.sub('files')
  const paths: string[] = []
  const put = async (path: string, entry: unknown) => {
    paths.push(path)
    await files.put(path, entry)
  }
  for (const path of [...escapes, ...odd, ...throughLinks]) await put(path, value)
  for (const [path, { target }] of Object.entries(links)) await put(path, { linkname: target })
  for (const [path, entry] of Object.entries(contents(value.blob as Blob, map))) await put(path, entry)
  for (const [index, one] of metadata.entries()) await put(`/time/${index}`, { ...value, metadata: one })
  await put('/size/large-longer', {
    blob: { ...(await drive.entry('/large.bin'))!.value.blob, byteLength: 2_000_000 },
  })
  await swarm.join(drive.discoveryKey, { client: false, server: true }).flushed()
  return { key: encodeKey(drive.key), paths }
}

/** Everything at and below a folder, but for what stands in `except`. */
async function everythingIn(folder: string, except: string): Promise<readonly string[]> {
  const found: string[] = []
  const walk = async (at: string) => {
    for (const name of (await readdir(at)).sort()) {
      const path = join(at, name)
      if (path === except) continue
      const stats = await lstat(path)
      found.push(`${path} ${stats.mode} ${stats.isDirectory() ? '' : `${stats.size} ${stats.mtimeMs}`}`)
      if (stats.isDirectory()) await walk(path)
    }
  }
  await walk(folder)
  return found
}

test('two hundred evil names and contents: nothing outside of the folder, and each that is left out is listed', async () => {
  const { key, paths } = await hostileArchive()
  expect(paths.length).toBeGreaterThan(190)
  const bob = await startPerson(testnet.bootstrap)
  await bob.client.archives.open({ link: key })
  const { length } = await bob.archive(key, isFound)

  const around = await temporaryFolder('around')
  const target = join(around, 'a/b/c')
  await mkdir(target, { recursive: true })
  await writeFile(join(around, 'escaped'), 'mine')
  await writeFile(join(around, 'a/owned'), 'mine')
  const before = await everythingIn(around, target)
  const { transfer } = await bob.client.read.download({
    key,
    version: length,
    paths: ['/'],
    folder: target,
    overwrite: true,
  })
  const done = await bob.transfer(transfer, isDone)
  expect(await everythingIn(around, target)).toEqual(before)
  const { skipped, total } = await bob.client.transfers.skipped({ id: transfer, offset: 0, limit: 5000 })
  expect(total).toBe(skipped.length)
  expect(skipped.every(({ detail }) => detail.length > 0)).toBe(true)
  expect(done.bytes).toBe(done.ofBytes)

  const tree = await readTree(target)
  const listed = new Set(skipped.map(({ path }) => path))
  // Each name is there as it stands, or is listed.
  const lost = paths.filter(path => !(path.slice(1) in tree) && !listed.has(path) && path !== '/.cairn/archive')
  expect(lost.filter(path => !path.includes('\ud800'))).toEqual([])
  for (const path of escapes) expect(Object.keys(tree)).not.toContain(path.slice(1))
  for (const path of [...odd, ...throughLinks])
    expect({ path, there: path.slice(1) in tree }).toEqual({ path, there: true })
  for (const [path, { target, stays }] of Object.entries(links))
    expect({ path, is: tree[path.slice(1)] }).toEqual({ path, is: stays ? `link ${target}` : undefined })
  expect(await readFile(join(target, 'good.txt'), 'utf8')).toBe(GOOD)
  expect(await readFile(join(target, 'large.bin'))).toEqual(Buffer.alloc(700_000, 'large '))
  expect(await readdir(target)).not.toContain('.cairn-part')
  // Not a byte that its entry does not name.
  expect(Object.keys(tree).filter(path => /^(value|map)\//.test(path))).toEqual([])
  expect(Object.keys(tree).filter(path => path.startsWith('size/'))).toEqual([])

  // The same as a zip.
  const parts: Buffer[] = []
  const left = new Map<string, string>()
  let announced = 0
  for await (const part of bob.client.read.watchZip({ key, version: length, paths: ['/'] })) {
    if (part.kind === 'plan') announced = part.length
    if (part.kind === 'plan') for (const { path, detail } of part.skipped) left.set(path, detail)
    if (part.kind === 'skipped') left.set(part.skipped.path, part.skipped.detail)
    if (part.kind === 'bytes') parts.push(Buffer.from(part.base64, 'base64'))
  }
  const bytes = Buffer.concat(parts)
  expect(bytes.byteLength).toBe(announced)
  const zip = readZip(bytes)
  const unlisted = paths.filter(path => !zip.has(path.slice(1)) && !left.has(path) && !path.includes('\ud800'))
  expect(unlisted).toEqual([])
  for (const name of zip.keys()) {
    expect(name).not.toMatch(/^\/|(^|\/)\.\.?(\/|$)|\/\/|\\|[\0-\x1f\x7f]/)
    expect(left.has(`/${name}`)).toBe(false)
  }
  expect(zip.get('good.txt')?.content.toString()).toBe(GOOD)
  expect(zip.get('large.bin')?.content).toEqual(Buffer.alloc(700_000, 'large '))
  const list = zip.get('Left out 2.txt')!.content.toString()
  expect(list).toContain('/size/large-longer: The archive names more content than it has.')
  expect(list.split('\n').length).toBe(left.size + 3)

  const file = join(around, 'all.zip')
  await writeFile(file, bytes)
  if (spawnSync('python3', ['--version']).status !== 0) return
  const check = spawnSync('python3', ['-m', 'zipfile', '-t', file], { encoding: 'utf8' })
  expect(check.stdout + check.stderr).toContain('Done testing')
})
