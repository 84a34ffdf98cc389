/**
 * Tells what changes at and below a folder or a file of this machine.
 *
 * On macOS and Windows the system watches whole trees, and @parcel/watcher speaks to it. On Linux it watches single
 * folders, and which ones is for the program to know: @parcel/watcher 2.6 takes up a folder that appears and not the
 * folders in it, goes on telling of a renamed folder's folders under their old names, and says nothing when the system
 * lost count. So there each folder is watched from just before a scan lists it: what the scan did not see yet is told.
 */
import { type BigIntStats, type FSWatcher, lstatSync, readFileSync, unwatchFile, watch, watchFile } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { subscribe } from '@parcel/watcher'
import { everySo } from '../lib/pulse.ts'
import { isBelow, type SourceItem } from './scan.ts'

/** A single file is looked at so often, in milliseconds. */
const FILE_INTERVAL = 1000
/** What happens within so many milliseconds is told together. */
const GATHERED = 50
/** A folder that is published is looked at itself so often, in milliseconds. */
const ROOT_INTERVAL = 5000
const MOST_AT_ONCE = 100
/** More than this at once, and the system's own queue may have been too short. */
const COUNTED = queueLength() / 2

/** @parcel/watcher gathers for half a second, and says nothing of what came and went in it. */
export const MISSES_THE_SHORT_LIVED = process.platform !== 'linux'

export type WatchOptions = {
  /** Archive paths below which something may have changed; null: nobody knows where. */
  readonly onChange: (paths: readonly string[] | null) => void
  /** Some of it cannot be watched, once for each reason that the system gives. */
  readonly onFailure: (error: unknown) => void
  /** Folders in which much happens that nobody publishes are left out where that is cheaper. */
  readonly withoutUsual: boolean
}

export type Watching = {
  /** To be called before a folder is listed. Costs some microseconds; nothing where trees are watched. */
  readonly folder: (local: string) => void
  close(): Promise<void>
}

/** Never throws: what cannot be watched is told, and is to be looked at now and then. */
export async function watchItem(item: SourceItem, options: WatchOptions): Promise<Watching> {
  if (item.kind === 'file') return watchSingleFile(item, options)
  return process.platform === 'linux' ? watchFolders(item, options) : watchTree(item, options)
}

function watchSingleFile(item: SourceItem, { onChange }: WatchOptions): Watching {
  const listener = () => onChange([item.at])
  watchFile(item.path, { interval: FILE_INTERVAL }, listener).unref()
  return { folder: () => {}, close: () => Promise.resolve(unwatchFile(item.path, listener)) }
}

async function watchTree(item: SourceItem, { onChange, onFailure, withoutUsual }: WatchOptions): Promise<Watching> {
  try {
    const subscription = await subscribe(
      item.path,
      (error, events) => onChange(error === null ? events.map(({ path }) => archivePathOf(item, path)) : null),
      { ignore: withoutUsual ? ['**/node_modules/**', '**/.git/**'] : [] },
    )
    return { folder: () => {}, close: () => subscription.unsubscribe() }
  } catch (error) {
    onFailure(error)
    return { folder: () => {}, close: () => Promise.resolve() }
  }
}

type FolderEvents = {
  /** `isLost`: the system may not have told of all that happened, nor of what is elsewhere now. */
  readonly tell: (isLost: boolean) => void
}

/** What happens in all of them stands in one queue, as there is one for each process. */
const watched = new Set<FolderEvents>()
let count = 0
let gathering: NodeJS.Timeout | null = null

function gather(): void {
  count++
  gathering ??= setTimeout(() => {
    gathering = null
    const isLost = count > COUNTED
    count = 0
    for (const one of watched) one.tell(isLost)
  }, GATHERED).unref()
}

/**
 * Folders that are published are looked at together, since each by itself would wake this program and its threads, and so
 * many at a time: of hundreds each has its turn less often.
 */
const roots = new Set<() => void>()
let rest: (() => void) | null = null

function lookAlways(look: () => void): () => void {
  roots.add(look)
  rest ??= everySo(ROOT_INTERVAL, () => {
    for (const look of [...roots].slice(0, MOST_AT_ONCE)) {
      roots.delete(look)
      roots.add(look)
      look()
    }
  })
  return () => {
    roots.delete(look)
    if (roots.size > 0) return
    rest?.()
    rest = null
  }
}

function watchFolders(item: SourceItem, { onChange, onFailure }: WatchOptions): Watching {
  const folders = new Map<string, FSWatcher>()
  const failed = new Set<string>()
  let changed = new Set<string>()
  /** What has another name now, or came, or went. */
  let moved = new Set<string>()
  /** Which folder the item was when it was watched. */
  let root: string | null = null

  const lose = () => {
    for (const local of [...folders.keys()]) leave(local)
    changed = new Set()
    moved = new Set()
    onChange(null)
  }
  const tell = (isLost: boolean) => {
    if (isLost) return lose()
    if (changed.size === 0) return
    // They are others now, or elsewhere: what is there is listed, and watched, anew.
    if (moved.size > 0) for (const local of [...folders.keys()]) if (isBelow(moved, local)) leave(local)
    const paths = [...changed].map(path => archivePathOf(item, path))
    changed = new Set()
    moved = new Set()
    onChange(paths)
  }
  const leave = (local: string) => {
    folders.get(local)?.close()
    folders.delete(local)
  }
  const happened = (folder: string, event: string, name: string | null) => {
    const local = name === null ? folder : join(folder, name)
    changed.add(local)
    if (event === 'rename') {
      // The folder itself is gone, or something in it is called the same.
      if (name === basename(folder)) {
        changed.add(folder)
        moved.add(folder)
      }
      if (folders.has(local)) moved.add(local)
    }
    gather()
  }
  // Nobody tells that a folder above was renamed, or that a disk is there again.
  let isLooking = false
  const stopLooking = lookAlways(() => {
    if (root === null || isLooking) return
    isLooking = true
    void lstat(item.path, { bigint: true })
      .then(identityOf, () => null)
      .then(identity => {
        isLooking = false
        if (root === null || identity === root) return
        root = null
        if (watched.has(events)) lose()
      })
  })
  const events = { tell }
  watched.add(events)
  return {
    folder(local) {
      if (folders.has(local) || !watched.has(events)) return
      try {
        if (local === item.path) root = identityOf(lstatSync(local, { bigint: true }))
        const watcher = watch(local, { persistent: false }, (event, name) => happened(local, event, name))
        watcher.on('error', () => leave(local))
        folders.set(local, watcher)
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException
        // The scan tells of those that are gone or may not be read.
        if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(code) || failed.has(code)) return
        failed.add(code)
        onFailure(error)
      }
    },
    close() {
      stopLooking()
      watched.delete(events)
      for (const local of [...folders.keys()]) leave(local)
      return Promise.resolve()
    },
  }
}

const identityOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`

/** Of Linux, in events. */
function queueLength(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'))
  } catch {
    return 16_384
  }
}

/** The folder itself is the item's own place: '' for the archive's root. */
const archivePathOf = (item: SourceItem, path: string): string => {
  const below = relative(item.path, path).split(sep).join('/')
  return below === '' ? item.at : `${item.at}/${below}`
}
