/**
 * What this machine knows of an archive's files beside their entries: which file of the disk each one was, and what its
 * content begins with. So an unchanged folder is recognised without the archive or a file being read, a file that was
 * moved or copied costs no bytes, and an import that was killed does not read again what it had stored.
 *
 * It is a log of lines beside the store, and nothing that could not be lost: what it does not know is taken from the
 * archive, and what it says of content is checked against the archive before it is believed. Lines come before what they
 * announce is sealed or committed, so that after a crash the lengths of the two logs say which lines are true.
 */
import { createReadStream } from 'node:fs'
import { appendFile, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'
import type Hyperblobs from 'hyperblobs'
import type Hyperdrive from 'hyperdrive'
import { z } from 'zod'
import { isReserved, pathOf } from '../archives/about.ts'
import type { Archive } from '../archives/archive.ts'
import type { Identity } from './disk.ts'
import { entryOf, isSame, type Known, linkTo } from './known.ts'

/** A large file whose content is being appended: where it began, and the lengths that the log may have inside of it. */
export type Begun = {
  readonly path: string
  readonly size: number
  readonly modified: number
  readonly changed: number
  readonly blockOffset: number
  readonly byteOffset: number
  readonly lengths: ReadonlySet<number>
}

const count = z.number().int().min(0)
const BlobLine = z.tuple([count, count, count, count]).nullable()
const LINES = {
  /** Which folders of this machine the identities below are of. */
  of: z.tuple([z.literal('of'), z.array(z.string())]),
  file: z.tuple([
    z.literal('file'),
    z.string(),
    count,
    z.number().nullable(),
    z.boolean(),
    BlobLine,
    z.string().nullable(),
    z.tuple([z.number(), z.number(), z.number()]).nullable(),
  ]),
  link: z.tuple([z.literal('link'), z.string(), z.string(), z.number().nullable()]),
  gone: z.tuple([z.literal('gone'), z.string()]),
  /** So many of the entries said since the last one, from the first on, are what the archive says at this length and fork. */
  is: z.tuple([z.literal('is'), count, count, count]),
  begin: z.tuple([z.literal('begin'), z.string(), count, z.number(), z.number(), count, count]),
  length: z.tuple([z.literal('length'), count]),
  /** What was said since then, and is not what the archive says, holds no more. */
  drop: z.tuple([z.literal('drop')]),
} as const
type Line = { [Kind in keyof typeof LINES]: z.infer<(typeof LINES)[Kind]> }[keyof typeof LINES]
type EntryLine = Extract<Line, readonly ['file' | 'link' | 'gone', ...unknown[]]>

/** Lines that are parsed or written before the loop gets its turn. */
const TURN = 2000

export class SourceIndex {
  /** null: kept in memory alone. */
  readonly #path: string | null
  readonly #sources: readonly string[]
  readonly #archive: Archive
  readonly #known = new Map<string, Known>()
  /** What was stored since the last commit, or is about to be; null: taken out. */
  readonly #pending = new Map<string, Known | null>()
  readonly #byContent = new Map<string, Hyperblobs.Blob>()
  #byInode: Map<number, Known> | null = null
  #begun: Begun | null = null
  #length = 0
  #fork = 0
  #lines: string[] = []
  /** The paths of the entries said since the last `is`, without those that it closed. */
  #said: string[] = []
  #writing: Promise<void> = Promise.resolve()
  /** The file is not what was said, and has to be written whole. */
  #isLost = false

  private constructor(path: string | null, archive: Archive, sources: readonly string[]) {
    this.#sources = sources
    this.#path = path
    this.#archive = archive
  }

  /** `sources`: the folders and files of this machine that the archive is made from. */
  static async open(storage: string, archive: Archive, sources: readonly string[]): Promise<SourceIndex> {
    const path = fileOf(storage, archive.key)
    const index = new SourceIndex(path, archive, sources)
    const lines = await index.#read(path)
    await index.catchUp()
    await index.settle(() => true)
    if (lines === 0 || lines > 2 * index.#known.size + TURN) index.#isLost = true
    await index.write()
    return index
  }

  /**
   * For an archive that follows no folder: what content it has, and nothing that outlives this. Each who imports into it
   * has its own.
   */
  static async inMemory(archive: Archive): Promise<SourceIndex> {
    const index = new SourceIndex(null, archive, [])
    await index.catchUp()
    return index
  }

  static async forget(storage: string, key: string): Promise<void> {
    await rm(fileOf(storage, key), { force: true })
  }

  /** The archive's files and links, by path, as of its newest version. Not to be changed. */
  get known(): ReadonlyMap<string, Known> {
    return this.#known
  }

  /** Content that was stored and is not named by an entry yet; undefined: none. */
  stored(path: string): Known | null | undefined {
    return this.#pending.get(path)
  }

  /** Content of this size that begins so, somewhere in the archive. Its further blocks are to be compared. */
  withContent(size: number, begins: string): Hyperblobs.Blob | null {
    return this.#byContent.get(`${size} ${begins}`) ?? null
  }

  /** The file of the archive that this was before it was moved, if it is plain from the disk that it is the same. */
  moved(file: { readonly size: number; readonly modified: number; readonly identity: Identity }): Known | null {
    if (this.#byInode === null) {
      this.#byInode = new Map()
      for (const one of this.#known.values()) if (one.identity !== null) this.#byInode.set(one.identity.inode, one)
    }
    const { inode, born } = file.identity
    const known = this.#byInode.get(inode)
    return known !== undefined &&
      born > 0 &&
      known.identity?.born === born &&
      known.size === file.size &&
      known.modified === file.modified
      ? known
      : null
  }

  /** The large file that was being appended when an import was ended, if its log still stands where it stood. */
  begun(contentLength: number): Begun | null {
    return this.#begun?.lengths.has(contentLength) === true ? this.#begun : null
  }

  begin(file: Omit<Begun, 'lengths'>): void {
    this.#begun = { ...file, lengths: new Set([file.blockOffset]) }
    this.#say(beginLine(file))
  }

  /** The large file that was begun is not gone on with: what comes to stand behind its blocks is not of it. */
  leave(): void {
    this.#begun = null
  }

  /** Said before the log of content is sealed at this length. Resolves when it is written. */
  async willSeal(length: number): Promise<void> {
    if (this.#begun !== null) {
      this.#mayBeLong(length)
      this.#say(['length', length])
    }
    await this.write()
  }

  /** A file, a link or (null) nothing is at this path with the next commit. */
  set(path: string, known: Known | null): void {
    if (this.#begun?.path === path) this.#begun = null
    this.#pending.set(path, known)
    if (known !== null) this.#offer(known)
    this.#sayEntry(path, known)
  }

  /**
   * Before an import: keeps of what an earlier one had stored what has become part of the log, since other content may
   * come to stand where the rest was to be. `resumes`: whether the large file that was begun comes first.
   */
  async settle(resumes: (path: string) => boolean): Promise<void> {
    if (this.#pending.size === 0 && this.#begun === null) return
    const { length } = (await this.#archive.drive.getBlobs()).core
    const kept = [...this.#pending].filter(
      ([, known]) => known?.blob != null && known.blob.blockOffset + known.blob.blockLength <= length,
    )
    const begun = this.begun(length)
    const isWhole = kept.length === this.#pending.size
    await this.drop()
    if (!isWhole) {
      this.#byContent.clear()
      for (const known of this.#known.values()) this.#offer(known)
    }
    for (const [path, known] of kept) this.set(path, known)
    if (begun !== null && resumes(begun.path)) {
      const { lengths: _, ...file } = begun
      this.begin(file)
      await this.willSeal(length)
      this.#begun = { ...begun, lengths: new Set([length]) }
    }
    await this.write()
  }

  /** What is stored will not be committed as it was said, or blocks were appended by somebody else. */
  async drop(): Promise<void> {
    if (this.#pending.size === 0 && this.#begun === null) return
    this.#pending.clear()
    this.#begun = null
    this.#say(['drop'])
    this.#said = []
    await this.write()
  }

  /** Of files that are in the archive as they are: which ones of the disk they are. */
  async recognised(files: readonly { readonly path: string; readonly identity: Identity }[]): Promise<void> {
    for (const { path, identity } of files) {
      const known = this.#known.get(path)
      if (known !== undefined) this.set(path, { ...known, identity })
    }
    await this.committed(
      this.#length,
      this.#length,
      files.map(({ path }) => path),
    )
  }

  /** The archive went from one length to another with exactly those of `paths` that had been set. */
  async committed(from: number, to: number, paths: Iterable<string>): Promise<void> {
    if (from !== this.#length) return this.catchUp()
    const set: [string, Known | null][] = []
    for (const path of paths) {
      const known = this.#pending.get(path)
      if (known === undefined) continue
      set.push([path, known])
      this.#pending.delete(path)
    }
    for (const [path, known] of set) this.#apply(path, known)
    this.#length = to
    const isSet = new Set(set.map(([path]) => path))
    let first = 0
    while (first < this.#said.length && isSet.has(this.#said[first]!)) first++
    // What is stored is committed in the order in which it was stored, but for what others do to the archive meanwhile.
    if (first === isSet.size) {
      this.#say(['is', to, this.#fork, first])
      this.#said.splice(0, first)
    } else this.#sayAnew(set)
    await this.write()
  }

  /**
   * Resolves when all that was said is written. What is lost by a power cut is read again. Throws the system's error: a
   * log that could not be written whole is taken away, and written anew the next time.
   */
  write(): Promise<void> {
    const path = this.#path
    if (path === null) return Promise.resolve()
    this.#writing = this.#writing
      .catch(() => {})
      .then(async () => {
        try {
          if (this.#isLost) return await this.#rewrite(path)
          const lines = this.#lines
          this.#lines = []
          if (lines.length > 0) await appendFile(path, lines.join(''))
        } catch (error) {
          this.#isLost = true
          this.#lines = []
          await rm(path, { force: true }).catch(() => {})
          throw error
        }
      })
    return this.#writing
  }

  #mayBeLong(length: number): void {
    const begun = this.#begun
    if (begun !== null) this.#begun = { ...begun, lengths: new Set([...begun.lengths, length]) }
  }

  #sayEntry(path: string, known: Known | null): void {
    this.#say(lineOf(path, known))
    this.#said.push(path)
  }

  /** These are what the archive says now, whatever was said before; what is stored and waits is said again. */
  #sayAnew(committed: readonly (readonly [string, Known | null])[]): void {
    this.#say(['drop'])
    for (const [path, known] of committed) this.#say(lineOf(path, known))
    this.#say(['is', this.#length, this.#fork, committed.length])
    this.#said = []
    for (const [path, known] of this.#pending) this.#sayEntry(path, known)
    if (this.#begun === null) return
    this.#say(beginLine(this.#begun))
    for (const length of this.#begun.lengths) this.#say(['length', length])
  }

  #say(line: Line): void {
    if (this.#path !== null) this.#lines.push(`${JSON.stringify(line)}\n`)
  }

  #apply(path: string, known: Known | null): void {
    this.#byInode = null
    if (known === null) this.#known.delete(path)
    else {
      this.#known.set(path, known)
      this.#offer(known)
    }
  }

  #offer({ size, blob, begins }: Known): void {
    if (blob !== null && begins !== null && blob.blockLength > 0) this.#byContent.set(`${size} ${begins}`, blob)
  }

  /** How many lines there are; 0: nothing that could be used. */
  async #read(path: string): Promise<number> {
    const sources = this.#sources
    await mkdir(dirname(path), { recursive: true })
    let lines = 0
    let isOurs = false
    let said: [string, Known | null][] = []
    let bytes = 0
    try {
      const input = createReadStream(path, { encoding: 'utf8' })
      for await (const text of createInterface({ input })) {
        const line = parse(text)
        if (line === null) break
        bytes += Buffer.byteLength(text) + 1
        if (++lines % TURN === 0) await setImmediate()
        switch (line[0]) {
          case 'of':
            isOurs = line[1].length === sources.length && line[1].every((path, index) => path === sources[index])
            break
          case 'file':
          case 'link':
          case 'gone': {
            const known = knownOf(line)
            if (this.#begun?.path === line[1]) this.#begun = null
            said.push([line[1], isOurs ? known : withoutIdentity(known)])
            break
          }
          case 'is':
            for (const [path, known] of said.slice(0, line[3])) this.#apply(path, known)
            said = said.slice(line[3])
            this.#length = line[1]
            this.#fork = line[2]
            break
          case 'begin': {
            const [, path, size, modified, changed, blockOffset, byteOffset] = line
            this.#begun = { path, size, modified, changed, blockOffset, byteOffset, lengths: new Set([blockOffset]) }
            break
          }
          case 'length':
            this.#mayBeLong(line[1])
            break
          case 'drop':
            said = []
            this.#begun = null
            break
        }
      }
      // Torn by a crash or a power cut: what would be said behind that would not be read.
      if (input.bytesRead !== bytes) this.#isLost = true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    for (const [path, known] of said) this.#pending.set(path, known)
    // Those of other folders say nothing of the files of these.
    return this.#length === 0 || !isOurs ? 0 : lines
  }

  #clear(): void {
    this.#known.clear()
    this.#pending.clear()
    this.#byContent.clear()
    this.#byInode = null
    this.#begun = null
    this.#length = 0
  }

  /** Takes over what the archive says beyond what was recorded, which others wrote. */
  async catchUp(): Promise<void> {
    const { drive } = this.#archive
    const { length, fork } = drive.core
    if (this.#length === length && this.#fork === fork) return
    if (this.#length > length || this.#fork !== fork) this.#clear()
    let entries = 0
    const taken = new Set<string>()
    const take = async (path: string, value: Hyperdrive.EntryValue | null) => {
      if (++entries % TURN === 0) await setImmediate()
      if (isReserved(path)) return
      const known = value === null ? null : entryOf(value)
      const pending = this.#pending.get(path)
      this.#pending.delete(path)
      this.#apply(path, pending !== undefined && isSame(pending, known) ? pending : known)
      taken.add(path)
    }
    if (this.#length === 0) {
      if (length > 1) for await (const { key, value } of drive.entries({ gt: '/', lt: '0' })) await take(key, value)
    } else
      for await (const { type, key, value } of drive.db.createHistoryStream({ gte: this.#length, lt: length })) {
        const path = pathOf(key)
        if (path !== null) await take(path, type === 'del' ? null : (value as Hyperdrive.EntryValue))
      }
    await this.#learnContent(taken)
    const isNew = this.#length === 0
    this.#length = length
    this.#fork = fork
    if (isNew) return
    this.#sayAnew([...taken].map(path => [path, this.#known.get(path) ?? null] as const))
    await this.write()
  }

  /** What content begins with is in the log's tree, as long as it is not encrypted. */
  async #learnContent(paths: Iterable<string>): Promise<void> {
    const { core } = await this.#archive.drive.getBlobs()
    if (core.encryption) return
    const unknown: [string, Known, Hyperblobs.Blob][] = []
    for (const path of paths) {
      const known = this.#known.get(path)
      const blob = known?.blob ?? null
      if (
        known !== undefined &&
        known.begins === null &&
        blob !== null &&
        blob.blockLength > 0 &&
        blob.blockMap !== true
      )
        unknown.push([path, known, blob])
    }
    for (let start = 0; start < unknown.length; start += TURN) {
      const part = unknown.slice(start, start + TURN)
      const reads = core.core!.state.storage.read()
      const nodes = part.map(([, , { blockOffset }]) => reads.getTreeNode(2 * blockOffset))
      reads.tryFlush()
      for (const [index, node] of (await Promise.all(nodes)).entries()) {
        const [path, known] = part[index]!
        if (node !== null) this.#apply(path, { ...known, begins: node.hash.toString('base64') })
      }
    }
  }

  async #rewrite(path: string): Promise<void> {
    const fresh = `${path}.new`
    const { length } = (await this.#archive.drive.getBlobs()).core
    // As it is at this moment; what is said from now on comes after it.
    this.#lines = []
    const known = [...this.#known]
    const pending = [...this.#pending]
    const is: Line = ['is', this.#length, this.#fork, known.length]
    this.#said = pending.map(([path]) => path)
    const begun = this.begun(length)
    const file = await open(fresh, 'w')
    try {
      let text = ''
      let lines = 0
      const say = async (line: Line) => {
        text += `${JSON.stringify(line)}\n`
        if (++lines % TURN !== 0) return
        const part = text
        text = ''
        await file.write(part)
      }
      await say(['of', [...this.#sources]])
      for (const [path, one] of known) await say(lineOf(path, one))
      await say(is)
      for (const [path, one] of pending) await say(lineOf(path, one))
      if (begun !== null) {
        await say(beginLine(begun))
        await say(['length', length])
      }
      await file.write(text)
    } finally {
      await file.close()
    }
    await rename(fresh, path)
    this.#isLost = false
  }
}

const beginLine = ({ path, size, modified, changed, blockOffset, byteOffset }: Omit<Begun, 'lengths'>): Line => [
  'begin',
  path,
  size,
  modified,
  changed,
  blockOffset,
  byteOffset,
]

const fileOf = (storage: string, key: string) => join(storage, 'index', `${key}.ndjson`)

function parse(text: string): Line | null {
  try {
    const line = JSON.parse(text) as readonly [keyof typeof LINES]
    return LINES[line[0]].parse(line)
  } catch {
    return null
  }
}

function lineOf(path: string, known: Known | null): EntryLine {
  if (known === null) return ['gone', path]
  const { size, modified, executable, target, blob, begins, identity } = known
  if (target !== null) return ['link', path, target, modified]
  return [
    'file',
    path,
    size,
    modified,
    executable,
    blob === null ? null : [blob.blockOffset, blob.blockLength, blob.byteOffset, blob.byteLength],
    begins,
    identity === null ? null : [identity.inode, identity.born, identity.changed],
  ]
}

function knownOf(line: EntryLine): Known | null {
  switch (line[0]) {
    case 'gone':
      return null
    case 'link':
      return linkTo(line[2], line[3])
    case 'file': {
      const [, , size, modified, executable, blob, begins, identity] = line
      return {
        size,
        modified,
        executable,
        target: null,
        blob:
          blob === null
            ? null
            : { blockOffset: blob[0], blockLength: blob[1], byteOffset: blob[2], byteLength: blob[3] },
        begins,
        identity: identity === null ? null : { inode: identity[0], born: identity[1], changed: identity[2] },
      }
    }
  }
}

const withoutIdentity = (known: Known | null) => (known === null ? null : { ...known, identity: null })
