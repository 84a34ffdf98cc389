/**
 * What was dropped on, or picked for, a page that knows no paths: walks folders to the bottom without freezing the
 * page, stops when told to, and names what could not be read instead of failing.
 */
export type DroppedFile = {
  /** As dropped, with `/` between segments: `Holiday/beach.jpg`. */
  readonly path: string
  readonly file: File
}

export type Unreadable = { readonly path: string; readonly why: string }
export type Dropped = { readonly files: readonly DroppedFile[]; readonly unreadable: readonly Unreadable[] }
export type WalkProgress = { readonly files: number; readonly bytes: number }

type WalkOptions = { readonly signal: AbortSignal; readonly onProgress: (progress: WalkProgress) => void }

/** Asking for a file's size is a round trip to the browser's file process: this many at a time hide its latency. */
const IN_FLIGHT = 64
const PROGRESS_EVERY_MS = 100

/** The roots must be taken from the event at once: the list of items is emptied when the handler returns. */
export function rootsOf(items: DataTransferItemList): readonly FileSystemEntry[] {
  return [...items].flatMap(item => {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null
    return entry === null ? [] : [entry]
  })
}

/** Rejects with the signal's reason when it aborts. */
export async function walk(roots: readonly FileSystemEntry[], { signal, onProgress }: WalkOptions): Promise<Dropped> {
  const files: DroppedFile[] = []
  const unreadable: Unreadable[] = []
  const waiting: FileSystemEntry[] = [...roots].reverse()
  let bytes = 0
  let lastProgress = 0

  const report = (now: number) => {
    lastProgress = now
    onProgress({ files: files.length, bytes })
  }

  while (waiting.length > 0) {
    signal.throwIfAborted()
    const turn = waiting.splice(-IN_FLIGHT).reverse()
    const results = await Promise.all(turn.map(look))
    for (const result of results.toReversed()) {
      if (result.kind === 'folder') for (const child of result.children.toReversed()) waiting.push(child)
    }
    for (const result of results) {
      if (result.kind === 'unreadable') unreadable.push({ path: result.path, why: result.why })
      if (result.kind !== 'file') continue
      files.push(result)
      bytes += result.file.size
    }
    const now = performance.now()
    if (now - lastProgress >= PROGRESS_EVERY_MS) {
      report(now)
      await nextTask()
    }
  }
  signal.throwIfAborted()
  report(performance.now())
  return { files, unreadable }
}

type Look =
  | { readonly kind: 'file'; readonly path: string; readonly file: File }
  | { readonly kind: 'folder'; readonly children: readonly FileSystemEntry[] }
  | { readonly kind: 'unreadable'; readonly path: string; readonly why: string }

async function look(entry: FileSystemEntry): Promise<Look> {
  const path = entry.fullPath.replace(/^\/+/, '')
  try {
    if (entry.isDirectory) return { kind: 'folder', children: await childrenOf(entry as FileSystemDirectoryEntry) }
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    return { kind: 'file', path, file }
  } catch (error) {
    return { kind: 'unreadable', path, why: error instanceof Error ? error.message : 'it could not be read' }
  }
}

/** A reader gives at most 100 entries at a time, and an empty list at the end. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader()
  const children: FileSystemEntry[] = []
  while (true) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return children
    for (const child of some) children.push(child)
  }
}

const nextTask = () => new Promise<void>(resolve => setTimeout(resolve, 0))

/** Files from an `<input type="file">`, with or without `webkitdirectory`. */
export function pickedFiles(list: Iterable<File>): readonly DroppedFile[] {
  return [...list].map(file => ({ path: file.webkitRelativePath || file.name, file }))
}

/** A title to begin with: the one folder's or file's name, or the first of several. */
export function titleOf(paths: readonly string[]): string {
  const tops = topNames(paths)
  const [first] = tops
  if (first === undefined) return ''
  const single = soleFolder(paths) ?? first.replace(/(?<=.)\.[^.]{1,10}$/, '')
  const title = tops.size === 1 ? single : `${first} and ${tops.size - 1} more`
  return [...title].slice(0, 200).join('')
}

/** The one folder that everything lies in: its content becomes the archive's root, as if it had been published by path. */
export function soleFolder(paths: readonly string[]): string | null {
  const tops = topNames(paths)
  const [top] = tops
  if (top === undefined || tops.size > 1) return null
  return paths.every(path => path.includes('/')) ? top : null
}

function topNames(paths: readonly string[]): ReadonlySet<string> {
  return new Set(paths.map(path => path.split('/', 1)[0] ?? ''))
}

/** Where a dropped file goes in the archive. */
export function archivePath(path: string, root: string | null): string {
  return `/${root !== null && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path}`
}
