/** Files that a download was killed over, at each moment at which it notes what it does: they are ours on the next start. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import { expect, onTestFinished, test } from 'vitest'
import type { Skipped } from '../../preload/contract/models.ts'
import { download, type InTheWay, type Ledger } from '../../main/read/download.ts'
import { Manifest } from '../../main/read/manifest.ts'
import { digestOf, readTree, temporaryFolder, writeTree } from '../helpers/files.ts'

const nothing = () => {}

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
    settle: path => step(() => manifest.settle(path)),
    withdraw: (path, written) => step(() => manifest.withdraw(path, written)),
    delete: path => step(() => manifest.delete(path)),
    close: () => manifest.close(),
  }
  return { ledger, wasKilled: () => dead }
}

const NAMES = ['a', 'b', 'c', 'large', 'link'] as const

/** Two versions of an archive without times, as upstream writes it: our notes alone tell whose a file is. */
async function author() {
  const store = new Corestore(join(await temporaryFolder(), 'store'))
  onTestFinished(() => store.close())
  const drive = new Hyperdrive(store)
  const write = async (version: string) => {
    for (const name of ['a', 'b', 'c']) await drive.put(`/${name}`, Buffer.from(`${version} of ${name}`))
    await drive.put('/large', Buffer.alloc(300_000, version))
    await drive.symlink('/link', version)
    return drive.checkout(drive.version)
  }
  const versions = [await write('first'), await write('other')]
  return { drive, versions }
}

/** Takes each version in turn, killed at step `at` and then run again. Calls back with what each second run left out. */
async function killedAt(
  { drive, versions }: Awaited<ReturnType<typeof author>>,
  how: {
    readonly folder: string
    readonly inTheWay: InTheWay
    readonly at: number
    readonly moment: 'before' | 'after'
  },
  look: (version: Hyperdrive, skipped: readonly Skipped[]) => Promise<void>,
): Promise<boolean> {
  const { folder, inTheWay } = how
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
  let killed = false
  for (const version of versions) {
    const { ledger, wasKilled } = mortal(await opened(), how.at, how.moment)
    await run(version, ledger).catch((error: Error) => expect(error.message).toBe('killed'))
    killed ||= wasKilled()
    await look(version, await run(version, await opened()))
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
