/**
 * What this machine knows of its archives beside their blocks: the library, how each is kept, where its folder lies,
 * and how long it was when last published. One JSON file with a version, outside the store, written atomically.
 */
import { randomBytes } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../preload/contract/errors.ts'
import { readJson, Saver, writeJson } from '../lib/atomic-file.ts'
import { AboutEntry } from './about.ts'

const Source = z.object({
  items: z.array(z.object({ path: z.string(), at: z.string(), kind: z.enum(['folder', 'file']) })),
  /** Archive paths that the person took out. */
  exclude: z.array(z.string()),
  /** The person's own rules, in the syntax of gitignore, with the last word over the defaults and `.cairnignore`. */
  rules: z.string().default(''),
  /** The person said yes to what looks private. */
  includeSuspicious: z.boolean(),
  paused: z.boolean(),
  /** The first import has ended. */
  complete: z.boolean(),
  /** What the person says of the first version, until it is there. */
  message: z.string().default(''),
  /**
   * What the person is given back in the folder. Once it has `begun`, what lies there is neither what it was nor what it
   * becomes, and nothing of it is published.
   */
  restoring: z
    .array(
      z.object({
        id: z.string(),
        version: z.number(),
        paths: z.array(z.string()).readonly(),
        message: z.string(),
        /** How many it was said to be. */
        files: z.number(),
        startedAt: z.number(),
        begun: z.boolean(),
        paused: z.boolean(),
      }),
    )
    .readonly()
    .default([]),
})

/** What a friend's archive may grow by, in bytes, before the person is asked. */
const GROWTH = 5_000_000_000

const Updates = z.object({
  /** Every update waits for the person's answer. */
  askFirst: z.boolean(),
  /** Bytes that what is kept may grow by beyond what was agreed to; null: any number. */
  growth: z.number().nullable(),
  /**
   * The version that is kept; null: none yet. `blocks` is the length of the log of content with which it is complete,
   * `bytes` what is kept (the chosen part where only that is), `agreed` what the person has said yes to.
   */
  taken: z
    .object({
      length: z.number(),
      blocks: z.number(),
      bytes: z.number(),
      agreed: z.number(),
      /** Its author took versions back that were kept, and the person follows: `length` is what both histories have. */
      rewound: z.boolean().default(false),
    })
    .nullable(),
  /**
   * What the person chose out of later versions, in their order, and keeps at those: paths, or with a `/` at its end what
   * lies below a folder. Of several that name a path the latest holds.
   */
  chosen: z
    .array(z.object({ length: z.number(), paths: z.array(z.string()).readonly() }))
    .readonly()
    .default([]),
  /** The person was asked about an update and stays on the version that is kept, until they say otherwise. */
  stays: z.boolean(),
  /** They said yes to a large removal, which has not been made in the folder yet. */
  mayRemove: z.boolean(),
  /** The fetching of what is kept was paused in the list of transfers. */
  paused: z.boolean(),
})
const UNASKED = {
  askFirst: false,
  growth: GROWTH,
  taken: null,
  chosen: [],
  stays: false,
  mayRemove: false,
  paused: false,
} as const

const Summary = z.object({
  length: z.number(),
  fork: z.number(),
  empty: z.boolean(),
  about: AboutEntry.nullable(),
  files: z.number().nullable(),
  bytes: z.number().nullable(),
  changedAt: z.number().nullable(),
})

/** Another history with a higher fork, signed by its author. */
const Rewrite = z.object({
  /** Which log is another one: that of content alone, or the list as well. */
  log: z.enum(['list', 'content']),
  /** Of that log, and what the log of content had when this was heard of; -1: nothing was said of content. */
  fork: z.number(),
  contentFork: z.number(),
  /** The newest version that both have, and the newest one of the other history. */
  common: z.number(),
  length: z.number(),
  answer: z.enum(['asked', 'stays', 'follows']),
  /** So many blocks of content are of what both have, and are not given up with the rest. */
  content: z.number().default(0),
  /** It is the history that is here by now. */
  done: z.boolean(),
})

/** Its author has replaced content, and nobody has agreed to that: what is here is not what versions after `since` name. */
const Replaced = z.object({
  since: z.number(),
  /** From this block of content on; those before are the same in both. */
  from: z.number(),
  /** Of the log of content that replaces the one here. */
  fork: z.number(),
})

const Archive = z.object({
  key: z.string(),
  /** Ours only: the Corestore namespace, random and never used again. */
  namespace: z.string().nullable(),
  /** z-base-32 of the encryption key. */
  secret: z.string().nullable(),
  title: z.string(),
  addedAt: z.number(),
  seenLength: z.number(),
  /** The person wants to be told when it is found. */
  watched: z.object({ since: z.number(), foundAt: z.number().nullable() }).nullable().default(null),
  /** Bytes per second of this archive alone; null: no limit. */
  limits: z
    .object({ down: z.number().min(1).nullable(), up: z.number().min(1).nullable() })
    .default({ down: null, up: null }),
  keeping: z.union([
    z.object({ how: z.literal('look') }),
    /** In the syntax of gitignore: what they match is kept. */
    z.object({ how: z.literal('parts'), patterns: z.array(z.string()).readonly() }),
    z.object({ how: z.literal('all') }),
    z.object({ how: z.literal('folder'), folder: z.string() }),
  ]),
  /** Ours only: what peers may have seen. A shorter or other log must not be written to. */
  published: z.object({ length: z.number(), fork: z.number(), hash: z.string() }).nullable(),
  source: Source.nullable(),
  /** A friend's: neither fetched nor served. */
  paused: z.boolean().default(false),
  updates: Updates.default(UNASKED),
  /** Its changes are worth a notification. */
  notify: z.boolean().default(true),
  /** A friend's: what the person calls versions of it. Those of an archive of theirs stand in the archive. */
  names: z.array(z.object({ version: z.number(), name: z.string(), time: z.number() })).default([]),
  /** What its row says of this version, so that a start with hundreds of archives need not read each. Of another one it says nothing. */
  summary: Summary.nullable().default(null),
  /** Ours only: the storage may be older than what was published from it. Peers are asked before it is written to. */
  doubt: z.boolean().default(false),
  rewrite: Rewrite.nullable().default(null),
  /** Of two histories that were signed: the newest version that both have. Which archives are frozen the warrants say. */
  parted: z.number().nullable().default(null),
  replaced: Replaced.nullable().default(null),
})

/** Out of the library; its cores, by key, may still have blocks here. */
const Forgotten = z.object({ key: z.string(), cores: z.array(z.string()) })

const Download = z.object({
  id: z.string(),
  key: z.string(),
  version: z.number(),
  /** Of the list, when it was begun. */
  fork: z.number().nullable().default(null),
  paths: z.array(z.string()),
  folder: z.string(),
  overwrite: z.boolean(),
  paused: z.boolean(),
  startedAt: z.number(),
  /** What the link said that the version was opened with. */
  pin: z.object({ blobsLength: z.number(), hash: z.string() }).nullable().default(null),
})

/** A file in the storage, as it is on its disk: see `stamp.ts`. */
const StampFile = z.object({ name: z.string(), inode: z.string(), born: z.string() })

const File = z.object({
  version: z.literal(1),
  archives: z.array(Archive),
  downloads: z.array(Download),
  forgotten: z.array(Forgotten).default([]),
  /** Bytes of blocks that were cleared and whose room has not been given back to the disk. */
  garbage: z.number().default(0),
  /** The last of these that were made. */
  stamps: z.array(StampFile).readonly().default([]),
  /** Of this copy of the storage, from which its address in the network is made; null: of the first one. */
  copy: z.string().nullable().default(null),
})

export type SourceRecord = z.infer<typeof Source>
export type RestoringRecord = SourceRecord['restoring'][number]
export type ArchiveRecord = z.infer<typeof Archive>
export type DownloadRecord = z.infer<typeof Download>
export type ForgottenRecord = z.infer<typeof Forgotten>
export type SummaryRecord = z.infer<typeof Summary>
export type StampRecord = z.infer<typeof StampFile>
export type RewriteRecord = z.infer<typeof Rewrite>
export type UpdatesRecord = z.infer<typeof Updates>

/** What an archive begins with that was just opened or made. */
export const FRESH: Omit<ArchiveRecord, 'key' | 'namespace' | 'secret' | 'title' | 'addedAt' | 'keeping' | 'source'> = {
  seenLength: 0,
  names: [],
  watched: null,
  limits: { down: null, up: null },
  published: null,
  paused: false,
  updates: UNASKED,
  notify: true,
  summary: null,
  doubt: false,
  rewrite: null,
  parted: null,
  replaced: null,
}

/** From each older version to the next. */
const MIGRATIONS: Readonly<Record<number, (file: Record<string, unknown>) => Record<string, unknown>>> = {
  /** Before versions were written there were no downloads. */
  0: file => ({ ...file, version: 1, downloads: file['downloads'] ?? [] }),
}
const NEWEST = 1

export class Registry {
  readonly archives = new Map<string, ArchiveRecord>()
  readonly downloads = new Map<string, DownloadRecord>()
  readonly forgotten = new Map<string, ForgottenRecord>()
  #garbage: number
  #stamps: readonly StampRecord[]
  #copy: string | null
  readonly #saver: Saver

  private constructor(path: string, file: z.infer<typeof File>) {
    for (const archive of file.archives) this.archives.set(archive.key, archive)
    for (const download of file.downloads) this.downloads.set(download.id, download)
    for (const forgotten of file.forgotten) this.forgotten.set(forgotten.key, forgotten)
    this.#garbage = file.garbage
    this.#stamps = file.stamps
    this.#copy = file.copy
    this.#saver = new Saver(() =>
      writeJson(path, {
        version: NEWEST,
        archives: [...this.archives.values()],
        downloads: [...this.downloads.values()],
        forgotten: [...this.forgotten.values()],
        garbage: this.#garbage,
        stamps: this.#stamps,
        copy: this.#copy,
      }),
    )
  }

  /** Throws STORAGE_UNUSABLE if the file was written by a newer Cairn. One that cannot be read is set aside, not lost. */
  static async open(storage: string): Promise<Registry> {
    const path = join(storage, 'registry.json')
    const empty = {
      version: NEWEST,
      archives: [],
      downloads: [],
      forgotten: [],
      garbage: 0,
      stamps: [],
      copy: null,
    } as const
    let raw: unknown
    try {
      raw = await readJson(path)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      await rename(path, `${path}.unreadable-${Date.now()}`)
      raw = null
    }
    if (raw === null) return new Registry(path, { ...empty, archives: [], downloads: [], forgotten: [] })
    return new Registry(path, migrate(raw as Record<string, unknown>, storage))
  }

  async setArchive(record: ArchiveRecord): Promise<void> {
    this.archives.set(record.key, record)
    await this.save()
  }

  async update(key: string, change: Partial<ArchiveRecord>): Promise<ArchiveRecord> {
    const record = this.archives.get(key)
    if (record === undefined) throw new AppError('ARCHIVE_NOT_FOUND', 'This archive is not in your library.', { key })
    const next = { ...record, ...change }
    await this.setArchive(next)
    return next
  }

  /**
   * The storage is another copy. Archives of ours are not written to before peers have been asked, and those who know the
   * other one know this one as somebody else: of two with one address only one could be met.
   */
  async doubt(): Promise<void> {
    this.#copy = randomBytes(16).toString('hex')
    for (const [key, record] of this.archives)
      if (record.namespace !== null) this.archives.set(key, { ...record, doubt: true })
    await this.save()
  }

  get copy(): string | null {
    return this.#copy
  }

  get stamps(): readonly StampRecord[] {
    return this.#stamps
  }

  async setStamps(stamps: readonly StampRecord[]): Promise<void> {
    this.#stamps = stamps
    await this.save()
  }

  get garbage(): number {
    return this.#garbage
  }

  async setGarbage(bytes: number): Promise<void> {
    this.#garbage = bytes
    await this.save()
  }

  /** Is written with whatever is saved next, and is found out again if it never is. */
  remember(key: string, change: Partial<Pick<ArchiveRecord, 'summary' | 'rewrite'>>): void {
    const record = this.archives.get(key)
    if (record !== undefined) this.archives.set(key, { ...record, ...change })
  }

  /** Takes it out of the library, and notes in the same breath whose blocks, of so many bytes, have to go. */
  async removeArchive(key: string, cores: readonly string[], bytes: number): Promise<void> {
    this.archives.delete(key)
    this.#garbage += bytes
    const before = this.forgotten.get(key)?.cores ?? []
    this.forgotten.set(key, { key, cores: [...new Set([...before, ...cores])] })
    for (const [id, download] of this.downloads) if (download.key === key) this.downloads.delete(id)
    await this.save()
  }

  /** Its blocks are gone. */
  async setGone(key: string): Promise<void> {
    if (this.forgotten.delete(key)) await this.save()
  }

  async setDownload(record: DownloadRecord): Promise<void> {
    this.downloads.set(record.id, record)
    await this.save()
  }

  async removeDownload(id: string): Promise<void> {
    if (this.downloads.delete(id)) await this.save()
  }

  /** Resolves once everything changed so far is on the disk. */
  save(): Promise<void> {
    return this.#saver.save()
  }
}

export function migrate(raw: Record<string, unknown>, storage: string): z.infer<typeof File> {
  let file = raw
  let version = typeof file['version'] === 'number' ? file['version'] : 0
  const unusable = (why: string) =>
    new AppError('STORAGE_UNUSABLE', `The library in ${storage} cannot be used: ${why}.`, { storage, why })
  if (version > NEWEST) throw unusable('it was written by a newer Cairn. Update this one')
  for (; version < NEWEST; version++) file = MIGRATIONS[version]!(file)
  const parsed = File.safeParse(file)
  if (!parsed.success) throw unusable(`registry.json is not what Cairn writes (${z.prettifyError(parsed.error)})`)
  return parsed.data
}
