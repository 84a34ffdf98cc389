/**
 * What a person can do to the files of an archive of theirs that follows no folder. Each is one changeset; nothing that
 * an archive held is lost, so instead of asking "Are you sure?" each offers to be undone.
 */
import { createStore, useStore } from 'zustand'
import type { ArchiveKey, Entry } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { join, nameOf, parentOf } from '../../stores/location.ts'
import { attempt, toast } from '../../stores/toasts.ts'
import { count } from '../../ui/format.ts'
import { said } from '../../ui/message-field.tsx'
import { plainName } from '../../ui/names.ts'

/**
 * Folders that were made on this page and hold nothing yet. An archive has no empty folders, so they are here alone,
 * and become real with the first file in them.
 */
const made = createStore<{ readonly byKey: ReadonlyMap<ArchiveKey, ReadonlySet<string>> }>(() => ({
  byKey: new Map(),
}))
const none: ReadonlySet<string> = new Set()
export const useMadeFolders = (key: ArchiveKey): ReadonlySet<string> =>
  useStore(made, state => state.byKey.get(key) ?? none)
const madeIn = (key: ArchiveKey) => made.getState().byKey.get(key) ?? none
const setMade = (key: ArchiveKey, folders: ReadonlySet<string>) =>
  made.setState(({ byKey }) => ({ byKey: new Map(byKey).set(key, folders) }))

export function makeFolder(key: ArchiveKey, path: string): void {
  setMade(key, new Set([...madeIn(key), path]))
}

const isIn = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`)

/** Folders on this page alone follow what happens to those around them. */
function relocateMade(key: ArchiveKey, from: string, to: string | null): void {
  const folders = [...madeIn(key)].flatMap(path =>
    isIn(path, from) ? (to === null ? [] : [to + path.slice(from.length)]) : [path],
  )
  setMade(key, new Set(folders))
}

export const entryOfFolder = (path: string): Entry => ({
  kind: 'folder',
  name: nameOf(path),
  path,
  size: 0,
  modified: null,
  executable: false,
  target: null,
  held: null,
})

type Done = { readonly key: ArchiveKey; readonly before: number; readonly paths: readonly string[] }
/** The edits of this page that can be undone, the last one last: an earlier one is undone after those that followed it. */
let edits: readonly (Done & { readonly toast: number })[] = []
const STEPS = 50

/** Undoes the last edit that was made on this page in this archive. */
export function undoLast(key: ArchiveKey): void {
  const last = edits.findLast(edit => edit.key === key)
  if (last === undefined) return
  edits = edits.filter(edit => edit !== last)
  toast.dismiss(last.toast)
  attempt(async () => {
    await backend.publish.restore({ key, version: last.before, paths: last.paths })
    toast.done({ title: 'Undone' })
  })
}

function tellDone(title: string, done: Done): void {
  for (const edit of edits) toast.dismiss(edit.toast)
  const said = toast.done({
    title,
    action: { label: 'Undo', run: () => edits.at(-1)?.toast === said && undoLast(done.key) },
  })
  edits = [...edits, { ...done, toast: said }].slice(-STEPS)
}

/** The most that one call takes. */
const MOST = 10_000

const named = (entries: readonly Entry[]) =>
  entries.length === 1 ? plainName(entries[0]?.name ?? '') : count(entries.length, 'item')

export function removeEntries(key: ArchiveKey, entries: readonly Entry[], onDone: () => void): void {
  attempt(async () => {
    const paths = await pathsInArchive(key, entries, path => relocateMade(key, path, null))
    if (paths.length > 0) {
      const { before } = await backend.publish.remove({ key, paths })
      tellDone(`Removed ${named(entries)}`, { key, before, paths })
    }
    onDone()
  })
}

export async function renameEntry(key: ArchiveKey, entry: Entry, name: string, message = ''): Promise<void> {
  const to = join(parentOf(entry.path), name)
  const paths = await pathsInArchive(key, [entry], () => {})
  relocateMade(key, entry.path, to)
  if (paths.length === 0) return
  const { before } = await backend.publish.rename({ key, from: entry.path, to, ...said(message) })
  tellDone(`Renamed to ${plainName(name)}`, { key, before, paths: [entry.path, to] })
}

type Moving = {
  readonly key: ArchiveKey
  readonly entries: readonly Entry[]
  readonly folder: string
  readonly message: string
}

export function moveEntries({ key, entries, folder, message }: Moving, onDone: () => void): void {
  const moving = entries.filter(({ path }) => parentOf(path) !== folder && !isIn(folder, path))
  if (moving.length === 0) return
  attempt(async () => {
    const to = (path: string) => join(folder, nameOf(path))
    const paths = await pathsInArchive(key, moving, path => relocateMade(key, path, to(path)))
    if (paths.length > 0) {
      const { before } = await backend.publish.move({ key, paths, folder, ...said(message) })
      const title = folder === '/' ? 'the top folder' : plainName(nameOf(folder))
      tellDone(`Moved ${named(moving)} to ${title}`, { key, before, paths: [...paths, ...paths.map(to)] })
    }
    onDone()
  })
}

/** Those that the archive has. The others are folders on this page alone, which `alone` is called for. */
async function pathsInArchive(
  key: ArchiveKey,
  entries: readonly Entry[],
  alone: (path: string) => void,
): Promise<readonly string[]> {
  if (entries.length > MOST) throw new Error(`No more than ${MOST} at once`)
  const folders = madeIn(key)
  const paths: string[] = []
  for (const { path } of entries) {
    const real = !folders.has(path) || (await backend.read.entry({ key, version: null, path })) !== null
    if (folders.has(path)) alone(path)
    if (real) paths.push(path)
  }
  return paths
}

/** What is wrong with a name, in words; null: nothing. */
export function problemOfName(name: string): string | null {
  if (name.includes('/') || name.includes('\\')) return 'A name has no / or \\ in it.'
  if (name.trim() === '' || name === '.' || name === '..') return 'It needs a name.'
  if (name === '.cairn') return 'Cairn keeps this name for itself.'
  if (new TextEncoder().encode(name).length > 255) return 'This name is too long.'
  return null
}
