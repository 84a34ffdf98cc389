/** What Cairn is measured beside: others who do such work, and what the disk and one core can do at all. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../helpers/files.ts'
import { run, settle } from './machine.ts'
import { MeasuredProcess, now } from './measured.ts'
import { figuresOf, type Rows, throughput } from './rows.ts'
import type { Source } from './source.ts'
import { Syncthing, syncthingVersion } from './syncthing.ts'

export const MIRROR = 'mirror-drive'
export const SCANNED = 'Syncthing, added → scanned'
export const STARTED = 'Syncthing, with its start'
export const COPY = 'cp -r'
export const SYNCED = 'cp -r; sync -f'
export const DIGEST = 'BLAKE2b-256, one thread'

/** What is to be said of each. */
export const NOTES = {
  [MIRROR]: 'alone: not flushed, not watched, nobody connected',
  [SCANNED]: 'copies nothing; watched, nobody connected',
  [STARTED]: '',
  [COPY]: '',
  [SYNCED]: '',
  [DIGEST]: 'pages cached',
} as const
export type Peer = keyof typeof NOTES

/** Into a fresh store, and once more with nothing changed where `again` is the name of that. */
export async function measureMirror(rows: Rows, source: Source, first: string, again: string | null): Promise<void> {
  const storage = await temporaryFolder('bench-mirror')
  const mirror = await MeasuredProcess.start(new URL('mirror-drive.mjs', import.meta.url).pathname)
  await mirror.ask('open', { storage })
  const measure = async (changes: number) => {
    await settle(source.folder)
    await mirror.figures()
    const { seconds, changed } = await mirror.ask<{ readonly seconds: number; readonly changed: number }>('mirror', {
      source: source.folder,
    })
    if (changed !== changes) throw new Error(`it wrote ${changed} files`)
    return { seconds, figures: figuresOf(await mirror.figures()) }
  }
  await rows.measure(first, MIRROR, async () => {
    const { seconds, figures } = await measure(source.files)
    return { value: seconds, also: { ...throughput(source.files, source.bytes, seconds), ...figures } }
  })
  if (again !== null)
    await rows.measure(again, MIRROR, async () => {
      const { seconds, figures } = await measure(0)
      return { value: seconds, also: figures }
    })
  await mirror.end('SIGKILL')
  await rm(storage, { recursive: true, force: true })
}

export async function measureSyncthing(
  rows: Rows,
  { folder, inner, files, bytes }: Source,
  what: string,
): Promise<void> {
  await rows.measure(what, SCANNED, async () => {
    if (syncthingVersion() === null) throw new Error('it is not installed: sudo apt-get install -y syncthing')
    await settle(folder)
    const syncthing = await Syncthing.start()
    const seconds = await syncthing.scan(folder, inner, files)
    const peak = await syncthing.peak()
    await syncthing.end()
    if (rows.wants(what, STARTED)) rows.add(what, STARTED, { value: syncthing.started + seconds, also: {} })
    return { value: seconds, also: { ...throughput(files, bytes, seconds), 'RSS MB': peak / 1e6 } }
  })
}

export async function measureCopy(rows: Rows, { folder, files, bytes }: Source, what: string): Promise<void> {
  const target = join(await temporaryFolder('bench-copy'), 'copy')
  await settle(folder)
  const began = now()
  const measure = async (command: string, ...args: readonly string[]) => {
    await run(command, ...args)
    const seconds = (now() - began) / 1000
    return { value: seconds, also: throughput(files, bytes, seconds) }
  }
  await rows.measure(what, COPY, () => measure('cp', '-r', folder, target))
  await rows.measure(what, SYNCED, () => measure('sync', '-f', target))
  await rm(target, { recursive: true, force: true })
}

export async function measureDigest(rows: Rows, { folder, files, bytes }: Source, what: string): Promise<void> {
  await rows.measure(what, DIGEST, async () => {
    const child = await MeasuredProcess.start(new URL('blake2b.mjs', import.meta.url).pathname)
    await settle(folder)
    type Done = { readonly seconds: number; readonly hashing: number; readonly bytes: number }
    const done = await child.ask<Done>('digest', { source: folder })
    await child.end('SIGKILL')
    if (done.bytes !== bytes) throw new Error(`it digested ${done.bytes} bytes`)
    return {
      value: done.seconds,
      also: { ...throughput(files, bytes, done.seconds), 'without reading s': done.hashing },
    }
  })
}
