/**
 * What Cairn writes into an archive beside its files: small entries under `/.cairn/`, whose JSON stands in the
 * entry's own metadata, so that each costs one small block of the metadata core and none of the blobs. Plain clients
 * see empty files. What comes from others is hostile and checked here, once.
 *
 * A changeset is the last entry of each batch that Cairn commits. Each names the place of the one before it, so that
 * the newest hundred of a hundred thousand are read with a hundred block reads and no scan.
 */
import { z } from 'zod'

export const RESERVED = '/.cairn'
export const ABOUT_PATH = '/.cairn/archive'
export const CHANGESET_PATH = '/.cairn/changeset'
/** Below it one entry for each version of which something was said afterwards, called by its length. */
export const LABELS = '/.cairn/versions'
export const labelAt = (version: number): string => `${LABELS}/${version}`

/** Hidden in lists and left out of downloads. */
export const isReserved = (path: string): boolean => path === RESERVED || path.startsWith(`${RESERVED}/`)
/** All other paths, in the order of the archive. */
export const BESIDE_RESERVED = [
  { gt: '/', lt: RESERVED },
  { gt: RESERVED, lt: `${RESERVED}/` },
  { gte: `${RESERVED}0`, lt: '0' },
] as const

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const time = z.number().min(0).max(8.64e15)

export const AboutEntry = z.object({
  cairn: z.literal(1),
  title: z.string().max(200),
  description: z.string().max(4000),
  author: z.string().max(200),
  /** The first import is still going on. */
  importing: z.boolean(),
  createdAt: time,
})
export type About = z.infer<typeof AboutEntry>

/** How many changesets one names beside the one before it: so many are fetched with one round trip. */
export const EARLIER = 15

/** Of all that one import has committed so far, in parts that follow each other: one row of the history. */
const Whole = z.object({
  /** The length before the first part, and where the changeset before that stands; null: there is none. */
  from: count,
  previous: count.nullable(),
  parts: count.min(1),
  added: count,
  changed: count,
  removed: count,
  renamed: count,
  touched: count.default(0),
  bytes: count,
})
export type Whole = z.infer<typeof Whole>

const ChangesetEntry = z.object({
  cairn: z.literal(1),
  time,
  /** The length of the metadata core before this batch. */
  from: count,
  /** Where the changeset before this one stands; null: this is the first. */
  previous: count.nullable(),
  /** Where those before that one stand, the nearest first: they can be fetched together, and nothing else is taken from it. */
  earlier: z.array(count).max(EARLIER).readonly().default([]),
  /** How long the log of content was: a link that pins this version need not look for it in the whole list. */
  blocks: count.nullable().default(null),
  added: count,
  changed: count,
  removed: count,
  /** Files that have another name now; neither added nor removed. */
  renamed: count.default(0),
  /** Files of which only the time or the mode is another one. Earlier Cairns counted them as changed. */
  touched: count.default(0),
  /** Bytes of content that this batch added. */
  bytes: count,
  /** Files and bytes of the whole archive after it. */
  files: count,
  total: count,
  /** More of the same import was to come. */
  partial: z.boolean(),
  /** null: it is no part of anything. Whoever does not know of it reads a changeset for each part. */
  whole: Whole.nullable().default(null),
  message: z.string().max(1000),
  /** It gave a version a name, another one or (null) none any more, and did nothing else. */
  naming: z
    .object({ version: count, name: z.string().max(200).nullable() })
    .nullable()
    .default(null),
  /** It said of a version what it is, or (null) took that back, and did nothing else. */
  describing: z
    .object({ version: count, message: z.string().max(1000).nullable() })
    .nullable()
    .default(null),
})
export type RecordedChangeset = z.infer<typeof ChangesetEntry>

/** Entries may come from anybody: larger than this they are not looked at. */
const MAX_BYTES = 64 * 1024

const parse = <T>(schema: z.ZodType<T>, metadata: unknown): T | null => {
  if (metadata === null || metadata === undefined || JSON.stringify(metadata).length > MAX_BYTES) return null
  const parsed = schema.safeParse(metadata)
  return parsed.success ? parsed.data : null
}

const LabelEntry = z.object({
  cairn: z.literal(1),
  version: count,
  /** null: it has none. A Cairn that knows of names alone takes it for no entry then. */
  name: z.string().trim().min(1).max(200).nullable().default(null),
  /** In place of what its changeset says; empty: nothing is to be said of it. null: its changeset is right. */
  message: z.string().max(1000).nullable().default(null),
  time,
})
export type VersionLabel = z.infer<typeof LabelEntry>

export const parseLabel = (metadata: unknown): VersionLabel | null => parse(LabelEntry, metadata)
export const parseAbout = (metadata: unknown): About | null => parse(AboutEntry, metadata)
export const parseChangeset = (metadata: unknown): RecordedChangeset | null => parse(ChangesetEntry, metadata)

const FileMetadata = z.object({ mtime: time })

/** The modification time in an entry's metadata, in milliseconds with fractions; null if there is none. */
export const modifiedOf = (metadata: unknown): number | null => {
  const parsed = FileMetadata.safeParse(metadata)
  return parsed.success ? parsed.data.mtime : null
}

/** The path in a key of the log, which may be bytes with Hyperdrive's prefix; null: not a file of the archive. */
export function pathOf(key: unknown): string | null {
  const text = typeof key === 'string' ? key : key instanceof Uint8Array ? Buffer.from(key).toString('utf8') : ''
  const path = text.slice(text.indexOf('/'))
  return path.startsWith('/') && !isReserved(path) ? path : null
}
