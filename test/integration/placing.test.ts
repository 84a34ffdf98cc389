/** Files that a download was killed over, at each moment at which it notes what it does: they are ours on the next start. */
import { readFile, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import type { Skipped } from '../../preload/contract/models.ts'
import { download, type InTheWay, type Ledger } from '../../main/read/download.ts'
import { Manifest } from '../../main/read/manifest.ts'
import { digestOf, readTree, temporaryFolder, writeTree } from '../helpers/files.ts'

const nothing = () => {}
afterEach(() => void vi.restoreAllMocks())

/** Ends with the step that has this number: before it, or right after it. From then on nothing is noted any more. */
function mortal(manifest: Manifest, at: number, moment: 'before' | 'after') {
  let steps = 0
  let dead = false
  const step = async (work: () => Promise<void>) => {
    const last = steps++ === at
    if (dead || (last && moment === 'before')) {
      dead = true
      throw new Error('killed')
    }
    await work()
    if (!last) return
    dead = true
    throw new Error('killed')
  }
  const ledger: Ledger = {
    get: path => manifest.get(path),
    paths: () => manifest.paths(),
    announce: (path, written) => step(() => manifest.announce(path, written)),
    settle: (path, content) => step(() => manifest.settle(path, content)),
    withdraw: (path, written) => step(() => manifest.withdraw(path, written)),
    delete: path => step(() => manifest.delete(path)),
    close: () => manifest.close(),
  }
  return { ledger, wasKilled: () => dead }
}

const NAMES = ['a', 'b', 'c', 'large', 'link'] as const

/**
 * Two versions of an archive without times, as upstream writes it: our notes alone tell whose a file is. `mtime`: or with the same
 * time in both, where the sizes are the same as well.
 */
async function author(mtime: number | null = null) {
  const store = new Corestore(join(await temporaryFolder(), 'store'))
  onTestFinished(() => store.close())
  const drive = new Hyperdrive(store)
  const write = async (version: string) => {
    const options = mtime === null ? {} : { metadata: { mtime } }
    for (const name of ['a', 'b', 'c']) await drive.put(`/${name}`, Buffer.from(`${version} of ${name}`), options)
    await drive.put('/large', Buffer.alloc(300_000, version), options)
    await drive.symlink('/link', version)
    return drive.checkout(drive.version)
  }
  const versions = [await write('first'), await write('other')]
  return { drive, versions }
}

type Author = Awaited<ReturnType<typeof author>>

/** Takes versions into a folder, one after another, as it would after starts in between. */
async function taking({ drive }: Author, folder: string, inTheWay: InTheWay) {
  const storage = await temporaryFolder()
  const opened = () => Manifest.open(storage, 'key', folder)
  const run = async (snapshot: Hyperdrive, manifest: Ledger) => {
    const skipped: Skipped[] = []
    const { signal } = new AbortController()
    const control = { signal, totals: nothing, progress: nothing, waitingForPeers: nothing }
    const options = { paths: ['/'], folder, inTheWay, follow: true, mayRemove: true, manifest }
    await download(drive, snapshot, options, { ...control, skipped: one => void skipped.push(one) })
    return skipped
  }
  return {
    take: async (snapshot: Hyperdrive) => run(snapshot, await opened()),
    /** false: it had fewer steps, and was not killed. */
    async takeKilled(snapshot: Hyperdrive, at: number, moment: 'before' | 'after') {
      const { ledger, wasKilled } = mortal(await opened(), at, moment)
      await run(snapshot, ledger).catch((error: Error) => expect(error.message).toBe('killed'))
      return wasKilled()
    },
  }
}

/** Takes each version in turn, killed at step `at` and then run again. Calls back with what each second run left out. */
async function killedAt(
  archive: Author,
  how: {
    readonly folder: string
    readonly inTheWay: InTheWay
    readonly at: number
    readonly moment: 'before' | 'after'
  },
  look: (version: Hyperdrive, skipped: readonly Skipped[]) => Promise<void>,
): Promise<boolean> {
  const { take, takeKilled } = await taking(archive, how.folder, how.inTheWay)
  let killed = false
  for (const version of archive.versions) {
    if (await takeKilled(version, how.at, how.moment)) killed = true
    await look(version, await take(version))
  }
  return killed
}

async function expectVersion(folder: string, version: Hyperdrive, names: readonly string[] = NAMES) {
  const there = await readTree(folder, { times: false })
  for (const name of names) {
    const entry = await version.entry(`/${name}`)
    const { linkname } = entry!.value
    const wanted = linkname ? `link ${linkname}` : `${digestOf((await version.get(`/${name}`))!)} -`
    expect(there[name], name).toBe(wanted)
  }
  return Object.keys(there).filter(name => !(NAMES as readonly string[]).includes(name))
}

/** Until a whole run has fewer steps than that. */
async function atEachStep(attempt: (at: number, moment: 'before' | 'after') => Promise<boolean>) {
  let kills = 0
  for (const moment of ['before', 'after'] as const) for (let at = 0; await attempt(at, moment); at++) kills++
  return kills
}

for (const inTheWay of ['keep-beside', 'leave'] as const) {
  test(`whenever it is killed, what it wrote is known again: ${inTheWay}`, async () => {
    const archive = await author()
    const kills = await atEachStep(async (at, moment) => {
      const folder = await temporaryFolder()
      return killedAt(archive, { folder, inTheWay, at, moment }, async (version, skipped) => {
        expect(skipped).toEqual([])
        expect(await expectVersion(folder, version)).toEqual([])
      })
    })
    expect(kills).toBeGreaterThan(15)
  })

  test(`whenever it is killed, what is the person’s own stays theirs: ${inTheWay}`, async () => {
    const archive = await author()
    await atEachStep(async (at, moment) => {
      const folder = await temporaryFolder()
      await writeTree(folder, { a: 'mine', large: 'mine' })
      return killedAt(archive, { folder, inTheWay, at, moment }, async (version, skipped) => {
        const beside = await expectVersion(folder, version, inTheWay === 'leave' ? ['b', 'c', 'link'] : NAMES)
        const own = inTheWay === 'leave' ? ['a', 'large'] : beside
        expect(own.map(name => name.split(' ')[0]).sort()).toEqual(['a', 'large'])
        expect(beside).toHaveLength(inTheWay === 'leave' ? 0 : 2)
        for (const name of own) expect(await readFile(join(folder, name), 'utf8')).toBe('mine')
        expect(skipped.map(({ path }) => path).sort()).toEqual(inTheWay === 'leave' ? ['/a', '/large'] : [])
      })
    })
  })
}

test('where the archive went back to what a killed update was to replace, that is known to stand there', async () => {
  const archive = await author()
  const [first, other] = archive.versions as [Hyperdrive, Hyperdrive]
  const attempt = async (at: number) => {
    const folder = await temporaryFolder()
    const { take, takeKilled } = await taking(archive, folder, 'keep-beside')
    await take(first)
    const killed = await takeKilled(other, at, 'after')
    for (const version of [first, other]) {
      expect(await take(version)).toEqual([])
      expect(await expectVersion(folder, version)).toEqual([])
    }
    return killed
  }
  for (let at = 0; await attempt(at); at++);
})

test('whatever was to replace a file of the same size and time is not taken for that file', async () => {
  const archive = await author(1_700_000_000_000)
  const [first, other] = archive.versions as [Hyperdrive, Hyperdrive]
  const folder = await temporaryFolder()
  const { take, takeKilled } = await taking(archive, folder, 'leave')
  await take(first)
  expect(await takeKilled(other, 2, 'after')).toBe(true)
  expect(await take(other)).toEqual([])
  expect(await expectVersion(folder, other)).toEqual([])
})

// Times that are whole in seconds of two, since no other can be set to the nanosecond.
const AT = 1_700_000_000_250
test.each([null, AT + 3.456])('on a disk that keeps hundredths of a second, files are known again: %s', async mtime => {
  vi.spyOn(Date, 'now').mockReturnValue(AT + 3)
  const archive = await author(mtime)
  const [first, other] = archive.versions as [Hyperdrive, Hyperdrive]
  const folder = await temporaryFolder()
  const { take } = await taking(archive, folder, 'keep-beside')
  for (const version of [first, first, other]) {
    expect(await take(version)).toEqual([])
    expect(await expectVersion(folder, version)).toEqual([])
    // As exFAT has it, of sticks and cards.
    for (const name of mtime === null ? ['a', 'b', 'c'] : ['a', 'b', 'c', 'large'])
      await utimes(join(folder, name), AT / 1000, AT / 1000)
  }
})
